"""Methods side by side on the same pictures."""

from derain.comparison.kept import Kept, gains_kept
from derain.comparison.report import write_report
from derain.comparison.run import Entry, Results, compare, read_entries
from derain.comparison.score import Scorer
from derain.comparison.summary import Row, summarise
from derain.comparison.testset import KINDS, open_testset, read_subset, with_views
from derain.comparison.verify import Verdict, verify
from derain.comparison.views import make_views

__all__ = [
    "KINDS",
    "Entry",
    "Kept",
    "Results",
    "Row",
    "Scorer",
    "Verdict",
    "compare",
    "gains_kept",
    "make_views",
    "open_testset",
    "read_entries",
    "read_subset",
    "summarise",
    "verify",
    "with_views",
    "write_report",
]
