"""Quality against cost, a point for each variant."""

from __future__ import annotations

import io
from pathlib import Path
from statistics import fmean

from derain.ablation.study import Study
from derain.ablation.table import found_scores, interval, measures
from derain.errors import BackendUnavailableError, TrainingError
from derain.files import atomic_write
from derain.nn.cost import multiply_accumulates


def plot_cost(study: Study) -> Path:
    """Draw ``cost.svg`` into the study's folder: a panel for each held-out set.

    Across: multiply-accumulates a pixel (log). Up: luma PSNR, mean over seeds with its 95%
    interval.

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
        figure = Figure(figsize=(4 * len(sets), 3.4), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(sets), squeeze=False)[0], sets, strict=True):
            for variant in study.variants:
                runs = found[variant.name].values()
                values = [run[name] for run in runs if name in run]
                if not values:
                    continue
                network = study.config(variant, study.seeds[0]).network_config
                cost = multiply_accumulates(network) / 1e6
                error = interval(values)[1] if len(values) > 1 else 0.0
                axes.errorbar(cost, fmean(values), yerr=error, fmt="o", capsize=2)
                axes.annotate(
                    variant.name, (cost, fmean(values)), (4, 4), textcoords="offset points"
                )
            axes.set(
                xscale="log", xlabel="MMAC a pixel", ylabel="dB", title=name.removesuffix(" dB")
            )
            axes.grid(alpha=0.3)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    path = Path(study.out) / "cost.svg"
    atomic_write(path, buffer.getvalue())
    return path
