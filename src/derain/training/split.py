"""Which pictures are held out: whole scenes, told apart by hashes that earlier runs remember."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import torch

from derain.data import perceptual_hash
from derain.data.pairs import half_of
from derain.errors import DatasetError
from derain.training.facts import Facts, FactStore, Part
from derain.training.pictures import Pictures

_CHUNK = 256
"""Parts looked at before what was seen is kept: an interrupted start loses no more."""
_THREADS = 4
_QUIET = 10.0  # seconds between messages


def survey(
    parts: Iterable[Part],
    pictures: Pictures,
    store: FactStore,
    report: Callable[[str], None] = lambda _: None,
) -> dict[Part, Facts]:
    """Size and hash of every part, from what earlier runs saw or by decoding it now.

    A file counts as whole if it was decoded once and is as it was then (path, bytes, time of
    writing). So a damaged one is named here, before a step is lost, and later only what is damaged
    while the run goes on.

    Args:
        parts: Which.
        pictures: Reads them, and remembers how they are.
        store: What earlier runs saw.
        report: Told every ten seconds how many are left.

    Raises:
        DatasetError: A file is missing, damaged or not an 8-bit picture; names it.
    """
    stamps = {part: pictures.meet(part.path) for part in parts}
    facts = store.find(stamps)
    unseen = [part for part in stamps if part not in facts]
    told = time.monotonic()

    def look(part: Part) -> Facts:
        pixels = pictures.read(part.path)
        height, width = pixels.shape[:2]
        return Facts((height, width), perceptual_hash(half_of(pixels, part.half)))

    # Decoders leave Python to other threads.
    with ThreadPoolExecutor(min(_THREADS, torch.get_num_threads())) as threads:
        for start in range(0, len(unseen), _CHUNK):
            chunk = unseen[start : start + _CHUNK]
            seen = dict(zip(chunk, threads.map(look, chunk), strict=True))
            store.add(seen, stamps)
            facts |= seen
            if time.monotonic() - told > _QUIET:
                told = time.monotonic()
                report(f"looked at {start + len(chunk)} of {len(unseen)} new pictures")
    return facts


def divide(source: str, names: Iterable[str], held: set[str]) -> tuple[list[str], list[str]]:
    """A source's pictures that are trained on, and those of scenes that are held out, in order.

    Raises:
        DatasetError: One side is empty.
    """
    kept: list[str] = []
    out: list[str] = []
    for name in names:
        (out if name in held else kept).append(name)
    if not kept or not out:
        raise DatasetError(
            f"{source}: {len(kept)} pictures to train on and {len(out)} to validate on; "
            "raise the number of pictures or change data.validation_share"
        )
    return kept, out
