"""Clips in the page: a few frames of every method side by side, and PSNR frame by frame."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.data import spread
from derain.evaluation.clip import ClipItem
from derain.evaluation.records import Record
from derain.evaluation.report.plots import draw_curves
from derain.evaluation.run import Results

Pixels = NDArray[np.uint8]

FRAMES = 24
WIDEST = 480
_PICTURES = 1500  # in a page, of about 25 KB each; beyond, clips get fewer frames


@dataclass(frozen=True)
class Player:
    """One clip.

    Attributes:
        title: Which.
        numbers: Of the frames that are shown, from 1.
        panels: (caption, a data URI for each of them): rainy, every method, truth.
        width: Of the pictures, in pixels.
        length: How many frames the clip has.
        curve: The drawing of PSNR frame by frame.
    """

    title: str
    numbers: list[int]
    panels: list[tuple[str, list[str]]]
    width: int
    length: int
    curve: str


def make_players(results: Results) -> list[Player]:
    """One for every clip that some method has a result of."""
    clips = [
        (testset.name, item)
        for testset in results.testsets
        for item in testset.items
        if isinstance(item, ClipItem)
    ]
    panels = len(clips) * (2 + len(results.methods))
    most = max(2, min(FRAMES, _PICTURES // max(1, panels)))
    players: list[Player] = []
    for dataset, item in clips:
        records = [
            r for r in results.records if (r.dataset, r.name) == (dataset, item.name) and r.curves
        ]
        if records:
            mark = f"c{len(players)}"
            players.append(_player(results, f"{dataset}: {item.name}", item, records, most, mark))
    return players


def _player(
    results: Results, title: str, item: ClipItem, records: list[Record], most: int, mark: str
) -> Player:
    length = records[0].frames
    chosen = spread(range(length), most)
    panels = []
    for record in records:
        frames = _small(item, results, record, chosen)
        if results.methods[record.model].fingerprint != "input":
            panels.append((record.model, [_uri(restored) for _, restored, _ in frames]))
    panels.insert(0, ("rainy", [_uri(rainy) for rainy, _, _ in frames]))
    panels.append(("truth", [_uri(clean) for _, _, clean in frames]))
    score = next(iter(records[0].curves))
    curve = draw_curves({r.model: r.curves[score] for r in records}, score, mark)
    return Player(
        title, [number + 1 for number in chosen], panels,
        frames[0][0].shape[1], length, curve,
    )  # fmt: skip


def _small(
    item: ClipItem, results: Results, record: Record, chosen: list[int]
) -> list[tuple[Pixels, Pixels, Pixels]]:
    """Rainy, restored and true frames, at most 480 pixels wide."""
    found = item.frames(results.restored_path(record, item), set(chosen))
    return [(_shrunk(a), _shrunk(b), _shrunk(c)) for a, b, c in found]


def _shrunk(frame: Pixels) -> Pixels:
    height, width = frame.shape[:2]
    if width <= WIDEST:
        return frame
    size = WIDEST, max(1, round(height * WIDEST / width))
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))


def _uri(frame: Pixels) -> str:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
