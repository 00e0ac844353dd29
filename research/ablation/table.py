"""The tables of a study: means over seeds, and each variant held against another, seed by seed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import fmean, stdev

from scipy.stats import t as student

from derain.files import atomic_write
from research.ablation.study import Study, Variant

Scores = dict[str, float]
"""What is measured of one run, such as ``rain800 luma dB``."""


def read_scores(folder: Path) -> Scores | None:
    """The scores of a finished run; None where it is not finished."""
    try:
        final = json.loads((folder / "scores.json").read_text())
        real = json.loads((folder / "real.json").read_text())
    except FileNotFoundError:
        return None
    scores: Scores = {}
    for source, values in final["scores"].items():
        scores[f"{source} dB"] = values["psnr/matlab-y"]
        if source != "rain-free":
            scores[f"{source} D dB"] = values["psnr/matlab-y"] - values["coarse/matlab-y"]
    if "removed" in real:
        scores["real removed"] = real["removed"]
        scores["real direction"] = real["direction"]
    scores["minutes"] = final["cost"]["seconds"] / 60
    return scores


def found_scores(study: Study) -> dict[str, dict[int, Scores]]:
    """Variant -> seed -> scores, of the runs that are finished."""
    found: dict[str, dict[int, Scores]] = {}
    for variant in study.variants:
        read = {seed: read_scores(study.folder(variant, seed)) for seed in study.seeds}
        found[variant.name] = {seed: run for seed, run in read.items() if run is not None}
    return found


def measures(found: dict[str, dict[int, Scores]]) -> list[str]:
    """All that was measured of any run, in order."""
    return list(dict.fromkeys(n for runs in found.values() for run in runs.values() for n in run))


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half width of its 95 % interval over seeds (Student's t); nan for a single one."""
    mean = fmean(values)
    if len(values) < 2:
        return mean, math.nan
    quantile = float(student.ppf(0.975, len(values) - 1))
    return mean, quantile * stdev(values) / math.sqrt(len(values))


def write_tables(study: Study) -> str:
    """Write ``table.md`` and ``table.json`` into the study's folder; gives the Markdown.

    The first table has means over seeds; the second, for each variant, the mean difference to the
    one it is held against, seed by seed, and its 95 % interval: what excludes zero is bold.
    """
    found = found_scores(study)
    names = measures(found)
    budgets = sorted({study.config(v, study.seeds[0]).steps for v in study.variants})
    length = " or ".join(map(str, budgets))
    lines = [f"# {study.title}", "", *([study.text.strip(), ""] if study.text else [])]
    lines += [
        f"{length} steps a run; dB are luma PSNR (matlab-y) on held-out scenes; `D dB` is what "
        "the detail branch adds to the coarse picture; `real removed` is in levels of 255.",
        "",
        *_heads(["variant", "seeds", *names]),
    ]
    for name, runs in found.items():
        cells = [_mean([run[n] for run in runs.values() if n in run], n) for n in names]
        lines.append(_row([name, str(len(runs)), *cells]))
    compared = [n for n in names if n != "minutes"]
    lines += ["", "Difference, seed by seed, with 95% interval over seeds (bold: zero is outside)."]
    lines += ["", *_heads(["variant", "against", *compared])]
    for variant in study.variants[1:]:
        reference = study.reference(variant)
        assert isinstance(reference, Variant)
        ours, theirs = found[variant.name], found[reference.name]
        differences = [
            [ours[s][n] - theirs[s][n] for s in ours if n in ours[s] and n in theirs.get(s, {})]
            for n in compared
        ]
        cells = [_difference(values, n) for values, n in zip(differences, compared, strict=True)]
        lines.append(_row([variant.name, reference.name, *cells]))
    text = "\n".join(lines) + "\n"
    out = Path(study.out)
    atomic_write(out / "table.md", text.encode())
    atomic_write(out / "table.json", json.dumps(found, indent=1).encode())
    return text


def _heads(cells: list[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _mean(values: list[float], name: str) -> str:
    if not values:
        return "-"
    return f"{fmean(values):.{_digits(name)}f}"


def _digits(name: str) -> int:
    return 3 if name == "real direction" else 2


def _difference(values: list[float], name: str) -> str:
    if not values:
        return "-"
    (mean, half), digits = interval(values), _digits(name)
    if math.isnan(half):
        return f"{mean:+.{digits}f}"
    text = f"{mean:+.{digits}f} ± {half:.{digits}f}"
    return f"**{text}**" if abs(mean) > half else text
