"""The tables of a report, as rows of text that any format can set."""

from __future__ import annotations

from dataclasses import dataclass

from derain.evaluation.kept import Kept
from derain.evaluation.run import Results
from derain.evaluation.summary import Row
from derain.metrics import GAIN, PSNR, SSIM, Mean, metric_of, worst_frame
from derain.metrics.clips import BIAS, FLICKER, FLICKER_TRUTH, WORST

NOUNS: dict[str, str] = {
    "pairs": "picture",
    "rain-free": "picture",
    "real": "picture",
    "clips": "clip",
}
"""What a set of a kind holds."""

_ON_CLIPS = (
    " psnr and ssim are means over a clip's frames, then over clips, as the field's tables have "
    "them; inner leaves out the first and last two frames of each. Clips whose flicker is below "
    "flicker/truth are blurred, not steadier."
)


@dataclass(frozen=True)
class Table:
    """A titled table of text."""

    title: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


def cell(name: str, mean: Mean) -> str:
    """A mean with its interval, at the digits its score deserves; one value has no interval."""
    value, low, high = map(metric_of(name).format, mean[:3])
    return f"{value} [{low}, {high}]" if mean.n > 1 else value


def score_tables(rows: list[Row]) -> list[Table]:
    """One table for every set: methods down, scores across."""
    tables = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset]
        scored = dict.fromkeys(name for row in own for name in row.scores)
        names = [name for name in scored if metric_of(name).tabled]
        body = []
        for row in own:
            values = []
            for name in names:
                mean = row.scores.get(name)
                text = cell(name, mean) if mean else "-"
                values.append(f"{text} (n {mean.n})" if mean and mean.n != row.n else text)
            pace = f"{row.seconds_per_mp:.3f}" if row.seconds_per_mp is not None else "-"
            peak = str(row.peak_mb) if row.peak_mb is not None else "-"
            body.append([row.model, str(row.n), *values, pace, peak, str(row.failed)])
        head = ["method", "n", *(_heading(n) for n in names), "s/MP", "peak MiB", "failed"]
        noun = NOUNS[own[0].kind]
        note = f"Mean [95% bootstrap interval]; s/MP is the median over {noun}s."
        note += _ON_CLIPS if noun == "clip" else ""
        if any(row.failed for row in own):
            note += f" Failed {noun}s are in no mean."
        tables.append(Table(f"{dataset} ({own[0].kind})", head, body, note))
    return tables


def _heading(name: str) -> str:
    unit = metric_of(name).unit
    return f"{name} ({unit})" if unit else name


def cross_domain_table(rows: list[Row], results: Results) -> Table | None:
    """Trained on (down) against tested on (across): gain over the input; * is at home."""
    sets = [t.name for t in results.testsets if t.kind == "pairs" and not t.view]
    if not sets:
        return None
    body = []
    for label, method in results.methods.items():
        if method.fingerprint == "input":
            continue
        seen = "unknown" if method.trained_on is None else ", ".join(method.trained_on) or "nothing"
        line = [label, seen]
        for dataset in sets:
            row = next(r for r in rows if (r.model, r.dataset) == (label, dataset))
            gain = next((n for n in row.scores if metric_of(n) is GAIN), None)
            mark = "*" if row.home else ""
            line.append(f"{GAIN.format(row.scores[gain].value)}{mark}" if gain else "failed")
        body.append(line)
    protocol = next((n for row in rows for n in row.scores if metric_of(n) is GAIN), GAIN.name)
    note = "* the training part of a set of this name was trained on."
    return Table(
        f"Across domains, {_heading(protocol)}", ["method", "trained on", *sets], body, note
    )


_OF_A_CLIP = (PSNR, GAIN, SSIM, WORST, BIAS, FLICKER, FLICKER_TRUTH)


def clip_tables(results: Results) -> list[Table]:
    """One table for every set of clips: clips and methods down, under the first protocol."""
    tables = []
    for testset in (testset for testset in results.testsets if testset.kind == "clips"):
        own = [r for r in results.records if r.dataset == testset.name and not r.error]
        if not own:
            continue
        names = list(dict.fromkeys(name for r in own for name in r.scores))
        shown = [next((n for n in names if metric_of(n) is metric), "") for metric in _OF_A_CLIP]
        head = ["clip", "method", "frames", *(_heading(n) for n in shown if n), "worst is frame"]
        body = [
            [item.name, r.model, str(r.frames),
             *(metric_of(n).format(r.scores[n]) if n in r.scores else "-" for n in shown if n),
             str(worst_frame(next(iter(r.curves.values()))) + 1)]
            for item in testset.items for r in own if r.name == item.name
        ]  # fmt: skip
        tables.append(Table(f"{testset.name}, each clip", head, body, "Frames count from 1."))
    return tables


def kept_table(kept: list[Kept]) -> Table | None:
    """Gain as a set is against gain in another view of it, under the first protocol."""
    own = [k for k in kept if k.score == kept[0].score]
    if not own:
        return None
    body = [
        [k.model, k.dataset, k.view, str(k.n), GAIN.format(k.before), GAIN.format(k.after),
         "-" if k.percent is None else f"{k.percent:.0f}%"]
        for k in own
    ]  # fmt: skip
    head = ["method", "set", "view", "n", "as it is (dB)", "in the view (dB)", "gain kept"]
    note = "Means over pictures that have a score in both; no share of gains below 0.1 dB."
    return Table(f"Gain kept in other views, {own[0].score}", head, body, note)
