"""Methods side by side on the same pictures."""

from derain.comparison.report import write_report
from derain.comparison.run import Entry, Results, compare, read_entries
from derain.comparison.score import Scorer
from derain.comparison.summary import Row, summarise
from derain.comparison.testset import KINDS, open_testset, read_subset
from derain.comparison.verify import Verdict, verify

__all__ = [
    "KINDS",
    "Entry",
    "Results",
    "Row",
    "Scorer",
    "Verdict",
    "compare",
    "open_testset",
    "read_entries",
    "read_subset",
    "summarise",
    "verify",
    "write_report",
]
