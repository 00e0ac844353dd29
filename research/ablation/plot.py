"""Quality against cost, a point for each variant."""

from __future__ import annotations

import io
from itertools import cycle
from pathlib import Path
from statistics import fmean

from derain.errors import BackendUnavailableError, TrainingError
from derain.files import atomic_write
from derain.nn import build_network, macs_per_pixel
from research.ablation.study import Study
from research.ablation.table import found_scores, measures


def plot_cost(study: Study) -> Path:
    """Draw ``cost.svg`` into the study's folder: a panel for each held-out set.

    Across: multiply-accumulates a pixel (log). Up: luma PSNR, a large mark for the mean over seeds
    and a small one for each; the table has the intervals.

    Raises:
        BackendUnavailableError: matplotlib is not installed.
        TrainingError: No run is finished yet.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise BackendUnavailableError(
            "the plot needs matplotlib: pip install 'derain[evaluate]'"
        ) from None
    found = found_scores(study)
    if not any(found.values()):
        raise TrainingError(f"{study.out}: no run is finished yet, there is nothing to draw")
    sets = [n for n in measures(found) if n.endswith(" dB") and not n.endswith(" D dB")]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "derain", "font.size": 8}):
        figure = Figure(figsize=(3 * len(sets) + 2.4, 3.4), layout="constrained")
        panels = figure.subplots(1, len(sets), squeeze=False)[0]
        for axes, name in zip(panels, sets, strict=True):
            for variant, mark in zip(study.variants, cycle("os^vDPX*<>"), strict=False):
                runs = found[variant.name].values()
                values = [run[name] for run in runs if name in run]
                if not values:
                    continue
                network = study.config(variant, study.seeds[0]).network_config
                cost = macs_per_pixel(build_network(network)) / 1e6
                (mean,) = axes.plot(cost, fmean(values), mark, ms=7, label=variant.name)
                if len(values) > 1:
                    axes.plot(
                        [cost] * len(values), values, mark, ms=3, alpha=0.5, color=mean.get_color()
                    )
            axes.set(
                xscale="log", xlabel="MMAC a pixel", ylabel="dB", title=name.removesuffix(" dB")
            )
            axes.grid(alpha=0.3)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    path = Path(study.out) / "cost.svg"
    atomic_write(path, buffer.getvalue())
    return path
