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


def cuts(size: int, tile: int, multiple: int) -> list[int]:
    """Borders of tiles of about equal size along an axis, each a multiple of ``multiple``.

    No tile is longer than ``tile`` (rounded down to a multiple, at least one).
    """
    longest = max(multiple, tile // multiple * multiple)
    count = math.ceil(size / longest)
    step = math.ceil(size / count / multiple) * multiple
    return [*range(0, size, step), size]


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


def tile_side(budget: int, bytes_per_pixel: int, halo: int, multiple: int) -> int:
    """Side of the largest square tile whose run, halo included, fits in ``budget`` bytes."""
    side = math.isqrt(max(1, budget // bytes_per_pixel)) - 2 * halo
    return max(multiple, side // multiple * multiple)
