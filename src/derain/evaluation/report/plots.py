"""Scatter and box plots as SVG, drawn by matplotlib."""

from __future__ import annotations

import io
import re
from typing import Any

from derain.errors import BackendUnavailableError
from derain.evaluation.run import Results
from derain.metrics import INPUT, PSNR, metric_of, plotted_metric


def draw_plots(results: Results) -> list[str]:
    """For every set of pairs: PSNR before against after, and the gains; for every other set boxes.

    Returns:
        SVG elements, to stand inside a page.

    Raises:
        BackendUnavailableError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise BackendUnavailableError(
            "the report needs matplotlib: pip install 'derain[evaluate]'"
        ) from None

    drawings: list[str] = []
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "derain",
        "font.family": "sans-serif",
    }
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
        with rc_context(style):
            pairs = testset.kind == "pairs"
            figure = Figure(figsize=(9 if pairs else 5, 3.2), layout="constrained")
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
                    title=_plain(f"{testset.name}, each picture"),
                    xlabel=f"{before} ({INPUT.unit})", ylabel=f"{after} ({PSNR.unit})",
                )  # fmt: skip
                axes[0].legend()
                axes[0].grid(alpha=0.3)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        drawings.append(_element(buffer.getvalue(), len(drawings)))
    return drawings


def _plain(name: str) -> str:
    """A name as it is: matplotlib sets ``$x$`` as mathematics and hides a label from ``_`` on."""
    shown = name.encode("utf-8", "backslashreplace").decode().replace("$", r"\$")
    return f"\u200b{shown}" if shown.startswith("_") else shown


def _element(document: str, number: int) -> str:
    """The <svg> of a document, its ids made its own among others in one page."""
    element = document[document.index("<svg") :]
    element = re.sub(r'\bid="([^"]+)"', rf'id="p{number}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#p{number}-\1)", element)
    return re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#p{number}-\1"', element)
