"""Rain too wide for a network, found in reduced copies of the picture (OURS).

A network is trained on pictures of a few hundred pixels, and a streak that is thirty pixels wide is
none to it: the same photograph at a quarter of its size has the streaks that it knows. So a large
picture is looked at again, with its finer rain gone already, at a half and a quarter of its size,
and what is taken away there is enlarged and taken away, too. It is a smooth layer, so fine detail
stays. Both looks together cost 5/16 of the first.

What a reduced copy shows as rain may be the picture's own texture, so only light that was added
counts, and only where it is more than a few levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from derain.restore.planes import full_scale

Planes = NDArray[np.float32]

_SHORTEST = 320  # side of a reduced copy: training pictures have 321 and more
_FACTORS = (2, 4)
_SURE = 4 / 255  # of full range; without it dry pictures are changed by 3 dB more
_AROUND = 5  # pixels of the copy: a streak's faint edge belongs to its bright middle
_ROWS = 64  # of the copy, enlarged at a time


def reductions(height: int, width: int) -> tuple[int, ...]:
    """By how much a picture of this size is reduced for each further look; none for a small one."""
    return tuple(f for f in _FACTORS if min(height, width) // f >= _SHORTEST)


def looked_at(height: int, width: int) -> int:
    """How many pixels all looks at a picture of this size see: its own and its copies'."""
    factors = 1, *reductions(height, width)
    return sum(_copied(height, f) * _copied(width, f) for f in factors)


def _copied(side: int, factor: int) -> int:
    return -(-side // factor)


def reduce(colour: NDArray[Any], factor: int) -> Planes:
    """Means over squares of ``factor`` pixels; those cut off by an edge go on as it ends.

    Shape:
        (H, W, 1 or 3) pixels of any type -> (3, H / factor, W / factor) float32 in [0, 1].
    """
    height, width = (_copied(side, factor) for side in colour.shape[:2])
    top = full_scale(colour.dtype)
    small = np.empty((3, height, width), np.float32)
    for first in range(0, height, _ROWS):
        rows = colour[first * factor : (first + _ROWS) * factor]
        short = [(0, -rows.shape[0] % factor), (0, -rows.shape[1] % factor), (0, 0)]
        rows = np.pad(rows, short, mode="edge") if any(after for _, after in short) else rows
        squares = rows.reshape(-1, factor, width, factor, rows.shape[2])
        mean = squares.mean(axis=(1, 3), dtype=np.float32)
        small[:, first : first + len(mean)] = np.moveaxis(mean, 2, 0) / top
    return small


def sure(rain: Planes) -> Planes:
    """What of a reduced copy's change is taken for rain: light, and enough of it near by.

    Args:
        rain: (3, h, w) R - D in units of the full range; overwritten.

    Returns:
        The same array, at least 0: nothing below 4 levels of 255, all from 8 on.
    """
    loudest = np.abs(rain).max(axis=0)
    around = Image.fromarray((loudest / _SURE).clip(1, 2) * 127).convert("L")
    share = np.asarray(around.filter(ImageFilter.MaxFilter(_AROUND)), np.float32) / 127 - 1
    np.maximum(rain, 0, out=rain)
    rain *= share
    return rain


def enlarged(rain: Planes, factor: int, top: int, bottom: int, width: int) -> Planes:
    """Rows ``top`` to ``bottom`` of a layer as large as the picture, bilinear.

    Args:
        rain: (3, h, w) layer of the reduced copy.
        factor: By how much it was reduced.
        top, bottom: Rows of the picture.
        width: Its width.

    Returns:
        (3, bottom - top, width) float32.
    """
    height = rain.shape[1]
    first, last = max(0, top // factor - 1), min(height, -(-bottom // factor) + 1)
    size = (rain.shape[2] * factor, (last - first) * factor)
    inside = slice(top - first * factor, bottom - first * factor)
    layer = np.empty((3, bottom - top, width), np.float32)
    for plane, out in zip(rain, layer, strict=True):
        part = Image.fromarray(plane[first:last]).resize(size, Image.Resampling.BILINEAR)
        out[...] = np.asarray(part)[inside, :width]
    return layer


def picture_rows(height: int, factor: int) -> Iterator[tuple[int, int]]:
    """First row and the one behind the last of each band of a picture that is enlarged at once."""
    step = _ROWS * factor
    return ((top, min(height, top + step)) for top in range(0, height, step))
