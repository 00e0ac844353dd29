"""A comparison as a page, as Markdown and as JSON."""

from derain.evaluation.report.write import write_report

__all__ = ["write_report"]
