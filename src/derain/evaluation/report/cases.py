"""Best and worst cases, as pictures inside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.evaluation.item import Example
from derain.evaluation.run import Results
from derain.metrics import metric_of, ranking_metric

Pixels = NDArray[np.uint8]

CROP = 224
LONGEST = 720
_MIDDLE_GREY = 128


@dataclass(frozen=True)
class Case:
    """One picture, or a clip's worst frame, of one method, chosen for its score.

    Attributes:
        title: Which, and why.
        before, after: The whole picture, at most 720 pixels long, as data URIs.
        width: Of those, in pixels.
        crops: (caption, data URI) of the place that changed or erred most, at full size.
    """

    title: str
    before: str
    after: str
    width: int
    crops: list[tuple[str, str]]


def choose_cases(results: Results) -> list[Case]:
    """The best and the worst picture or clip of every method but ``input`` on every set."""
    cases = []
    for testset in results.testsets:
        items = {item.name: item for item in testset.items}
        metric = ranking_metric(testset.kind)
        for label, method in results.methods.items():
            if method.fingerprint == "input":
                continue
            own = [r for r in results.records if (r.model, r.dataset) == (label, testset.name)]
            # Under the first protocol, where the metric has several.
            score = next((n for r in own for n in r.scores if metric_of(n) is metric), "")
            ranked = sorted(
                (record for record in own if score in record.scores),
                key=lambda record: metric.goodness(record.scores[score], testset.kind),
            )
            if not ranked:
                continue
            chosen = (
                {"worst": ranked[0], "best": ranked[-1]} if len(ranked) > 1 else {"only": ranked[0]}
            )
            for word, record in chosen.items():
                item = items[record.name]
                shown = item.example(results.restored_path(record, item), record.curves)
                of = f"{score} {record.scores[score]:.2f}"
                title = f"{label} on {testset.name}: {word}, {shown.name} ({of})"
                cases.append(_case(title, shown))
    return cases


def _case(title: str, shown: Example) -> Case:
    rainy, clean, restored = shown.rainy, shown.clean, shown.restored
    target = rainy if clean is None else clean
    error = np.abs(restored.astype(np.float32) - target).mean(axis=2)
    box = _busiest(error)
    # What was taken away, on middle grey: brighter where light was removed.
    removed = rainy.astype(np.int16) - restored + _MIDDLE_GREY
    layers = {
        "rainy": rainy,
        "restored": restored,
        **({} if clean is None else {"clean": clean}),
        "taken away": np.clip(removed, 0, 255).astype(np.uint8),
    }
    crops = [(name, _uri(layer[box], lossless=True)) for name, layer in layers.items()]
    scale = min(1.0, LONGEST / max(rainy.shape[:2]))
    size = (max(1, round(rainy.shape[1] * scale)), max(1, round(rainy.shape[0] * scale)))
    before, after = (
        _uri(np.asarray(Image.fromarray(x).resize(size, Image.Resampling.LANCZOS)))
        for x in (rainy, restored)
    )
    return Case(title, before, after, size[0], crops)


def _busiest(error: NDArray[np.float32]) -> tuple[slice, slice]:
    """The CROP x CROP window with the largest sum, on a grid of half windows."""
    height, width = error.shape
    best = max(
        (
            (float(error[y : y + CROP, x : x + CROP].sum()), y, x)
            for y in _starts(height)
            for x in _starts(width)
        ),
        key=lambda found: found[0],
    )
    _, y, x = best
    return slice(y, y + CROP), slice(x, x + CROP)


def _starts(size: int) -> list[int]:
    last = max(0, size - CROP)
    return sorted({*range(0, last, CROP // 2), last})


def _uri(image: Pixels, lossless: bool = False) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", lossless=lossless, quality=88, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
