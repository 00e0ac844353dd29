"""Methods side by side on the same pictures."""

from derain.evaluation.kept import Kept, gains_kept
from derain.evaluation.report import write_report
from derain.evaluation.run import Entry, Results, compare, read_entries
from derain.evaluation.summary import Row, summarise
from derain.evaluation.testset import open_testset, read_subset, with_views
from derain.evaluation.verify import Verdict, verify
from derain.evaluation.views import make_views

__all__ = [
    "Entry",
    "Kept",
    "Results",
    "Row",
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
