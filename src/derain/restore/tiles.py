"""How to cut a picture into tiles: where they lie, what they need around them, how they blend."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATHER = 16


@dataclass(frozen=True)
class Box:
    """Rows [top, bottom) and columns [left, right)."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def grown(self, by: int, within: Box) -> Box:
        """Larger by ``by`` pixels on every side, but inside ``within``."""
        return Box(
            max(within.top, self.top - by),
            min(within.bottom, self.bottom + by),
            max(within.left, self.left - by),
            min(within.right, self.right + by),
        )

    def aligned(self, multiple: int) -> Box:
        """With its origin moved up and left to multiples of ``multiple``."""
        return Box(
            self.top // multiple * multiple,
            self.bottom,
            self.left // multiple * multiple,
            self.right,
        )

    def halves(self, multiple: int) -> tuple[Box, Box] | None:
        """Cut across the longer side at a multiple of ``multiple``; None when it is too small."""
        tall = self.height >= self.width
        low, high = (self.top, self.bottom) if tall else (self.left, self.right)
        middle = round((low + high) / 2 / multiple) * multiple
        if not low < middle < high:
            return None
        if tall:
            return (
                Box(low, middle, self.left, self.right),
                Box(middle, high, self.left, self.right),
            )
        return Box(self.top, self.bottom, low, middle), Box(self.top, self.bottom, middle, high)


def cuts(size: int, window: int, halo: int, multiple: int) -> list[int]:
    """Borders of the fewest tiles along an axis, each a multiple of ``multiple``.

    A tile and its ``halo`` on both sides, as far as the axis goes, are at most ``window`` long (or
    one multiple and two halos, where that is more), and all but the last are equally long, so that
    engines meet few shapes.
    """
    if size <= window:
        return [0, size]
    count = 2
    while _reach(count, window, halo, multiple) < size and window > multiple + 2 * halo:
        count += 1
    shorter = window
    while _reach(count, shorter - multiple, halo, multiple) >= size:
        shorter -= multiple
    inner = max(multiple, (shorter - 2 * halo) // multiple * multiple)
    outer = max(multiple, (shorter - halo) // multiple * multiple)
    return [0, *range(outer, max(size - outer, 0) + inner, inner), size]


def _reach(count: int, window: int, halo: int, multiple: int) -> int:
    """How far ``count`` windows go, two of them at the ends of the axis."""
    inner = (window - 2 * halo) // multiple * multiple
    outer = (window - halo) // multiple * multiple
    return 2 * outer + (count - 2) * inner if inner > 0 else 0


def ramp(low: int, high: int, size: int, feather: int) -> NDArray[np.float32]:
    """Weights of the tile [low, high) over its feathered extent; all tiles' weights add up to 1.

    The extent is [low - feather, high + feather) inside [0, size); the weight rises linearly over
    ``2 * feather`` pixels around each border between tiles.
    """
    start, stop = max(0, low - feather), min(size, high + feather)
    at = np.arange(start, stop, dtype=np.float32) + 0.5
    weights = np.ones(stop - start, np.float32)
    if low > 0:
        weights = np.minimum(weights, (at - (low - feather)) / (2 * feather))
    if high < size:
        weights = np.minimum(weights, 1 - (at - (high - feather)) / (2 * feather))
    return np.clip(weights, 0, 1).astype(np.float32)


def faded(
    layer: NDArray[np.float32], down: NDArray[np.float32], across: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A (3, h, w) layer times (h,) and (w,) weights that are 1 but at borders; never in place."""
    rows, columns = np.flatnonzero(down != 1), np.flatnonzero(across != 1)
    if not rows.size and not columns.size:
        return layer
    result = layer.copy()
    result[:, rows] *= down[rows, None]
    result[:, :, columns] *= across[columns]
    return result


def fitting_window(
    height: int, width: int, pixels: int, halo: int, multiple: int
) -> tuple[int, int]:
    """Height and width of the windows that cost least among those of at most ``pixels``.

    Windows overlap by two halos, so what is computed twice grows with the number of cuts; which
    shape has the fewest depends on the picture's. Where none fits, the smallest there is.
    """
    least = multiple + 2 * halo
    best, cheapest = (least, least), math.inf
    for columns in range(1, math.ceil(width / multiple) + 1):
        across = math.ceil((width + 2 * halo * (columns - 1)) / columns / multiple) * multiple
        down = pixels // across // multiple * multiple
        if down < min(least, height) or across < min(least, width):
            continue
        rows = len(cuts(height, down, halo, multiple)) - 1
        cost = (height + 2 * halo * (rows - 1)) * (width + 2 * halo * (columns - 1))
        if cost < cheapest:
            best, cheapest = (down, across), cost
    return best
