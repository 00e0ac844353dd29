"""The metrics as a table for people, which the documentation holds."""

from __future__ import annotations

from derain.metrics.metric import Metric
from derain.metrics.registry import METRICS


def metrics_table() -> str:
    """A row of Markdown for every metric, in the order of the tables' columns."""
    head = "| score | unit | better | sets | ground truth | what it is |"
    return "\n".join([head, "|---|---|---|---|---|---|", *map(_row, METRICS.values())])


def _row(metric: Metric) -> str:
    name = f"`{metric.score('PROTOCOL')}`"
    if metric.on_request:
        name += f" (`--extra {metric.word}`)"
    directions = [_DIRECTIONS[direction] for direction in metric.better.values()]
    cells = (
        name,
        metric.unit or "-",
        ", ".join(dict.fromkeys(directions)),
        ", ".join(metric.better),
        "needed" if metric.needs_truth else "not needed",
        metric.help,
    )
    return "| " + " | ".join(cells) + " |"


_DIRECTIONS = {"higher": "higher", "lower": "lower", "zero": "near 0", None: "says nothing of it"}
