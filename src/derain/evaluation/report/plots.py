"""Scatter and box plots as SVG, drawn by matplotlib."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

from derain.errors import BackendUnavailableError
from derain.evaluation.report.tables import NOUNS
from derain.evaluation.run import Results
from derain.metrics import INPUT, PSNR, metric_of, plotted_metric

LEFT, RIGHT = 0.07, 0.985
"""Where the axes of a clip's curves begin and end, as shares of the drawing's width."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "derain",
    "font.family": "sans-serif",
}


def draw_plots(results: Results) -> list[str]:
    """For every set of pairs or clips: PSNR before against after, and the gains; else boxes.

    Returns:
        SVG elements, to stand inside a page.

    Raises:
        BackendUnavailableError: matplotlib is not installed.
    """
    figures = _matplotlib()
    drawings: list[str] = []
    for testset in results.testsets:
        good = [r for r in results.records if r.dataset == testset.name and not r.error]
        metric = plotted_metric(testset.kind)
        score = next((n for r in good for n in r.scores if metric_of(n) is metric), "")
        series = {
            label: [r for r in good if r.model == label and score in r.scores]
            for label, method in results.methods.items()
            if testset.kind != "rain-free" or method.fingerprint != "input"
        }
        series = {label: own for label, own in series.items() if own}
        if not score or not series:
            continue
        with figures.rc_context(_STYLE):
            pairs = testset.kind in INPUT.better
            figure = figures.Figure(figsize=(9 if pairs else 5, 3.2), layout="constrained")
            axes = figure.subplots(1, 2 if pairs else 1, squeeze=False)[0]
            box = axes[-1]
            box.boxplot(
                [[r.scores[score] for r in own] for own in series.values()],
                tick_labels=[*map(_plain, series)], showmeans=True,
            )  # fmt: skip
            box.set(title=_plain(testset.name), ylabel=score)
            box.grid(axis="y", alpha=0.3)
            if pairs:
                before = next(n for r in good for n in r.scores if metric_of(n) is INPUT)
                after = PSNR.score(before.rpartition("/")[2])  # under the same protocol
                for label, own in series.items():
                    axes[0].scatter(
                        [r.scores[before] for r in own],
                        [r.scores[after] for r in own],
                        s=12, alpha=0.7, label=_plain(label),
                    )  # fmt: skip
                axes[0].axline((25, 25), slope=1, color="grey", linewidth=0.8)
                axes[0].set(
                    title=_plain(f"{testset.name}, each {NOUNS[testset.kind]}"),
                    xlabel=f"{before} ({INPUT.unit})", ylabel=f"{after} ({PSNR.unit})",
                )  # fmt: skip
                axes[0].legend()
                axes[0].grid(alpha=0.3)
            drawings.append(_svg(figure, f"p{len(drawings)}"))
    return drawings


def draw_curves(curves: dict[str, list[float]], score: str, mark: str) -> str:
    """A score frame by frame, a line a method, as an SVG element.

    Args:
        curves: Label of a method -> value of each frame.
        score: The score's name.
        mark: Begins the ids of its parts, which no other drawing of the page has.
    """
    figures = _matplotlib()
    with figures.rc_context(_STYLE):
        figure = figures.Figure(figsize=(9, 2.4))
        axes = figure.subplots()
        figure.subplots_adjust(left=LEFT, right=RIGHT, bottom=0.2, top=0.95)
        frames = max(map(len, curves.values()))
        for label, values in curves.items():
            axes.plot(range(1, len(values) + 1), values, linewidth=1.3, label=_plain(label))
        axes.set(xlim=(1, max(2, frames)), xlabel="frame", ylabel=f"{score} ({PSNR.unit})")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="best", fontsize="small")
        axes.grid(alpha=0.3)
        return _svg(figure, mark)


def _matplotlib() -> SimpleNamespace:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise BackendUnavailableError(
            "the report needs matplotlib: pip install 'derain[evaluate]'"
        ) from None
    return SimpleNamespace(rc_context=rc_context, Figure=Figure)


def _svg(figure: Any, mark: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _element(buffer.getvalue(), mark)


def _plain(name: str) -> str:
    """A name as it is: matplotlib sets ``$x$`` as mathematics and hides a label from ``_`` on."""
    shown = name.encode("utf-8", "backslashreplace").decode().replace("$", r"\$")
    return f"\u200b{shown}" if shown.startswith("_") else shown


def _element(document: str, mark: str) -> str:
    """The <svg> of a document, its ids made its own among others in one page."""
    element = document[document.index("<svg") :]
    element = re.sub(r'\bid="([^"]+)"', rf'id="{mark}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{mark}-\1)", element)
    return re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#{mark}-\1"', element)
