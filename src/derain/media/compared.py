"""Before and after as arrays: side by side, and what was taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.media.picture import Picture

Samples = NDArray[Any]  # uint8 or uint16

LINE = 4
"""Pixels of the line between two pictures."""


def side_by_side(*pictures: Samples) -> Samples:
    """From left to right, a white line between two; of transparency an opaque one.

    Args:
        pictures: (H, W, ...) each, of one type and height.
    """
    first = pictures[0]
    top = np.iinfo(first.dtype).max
    line = np.full((first.shape[0], LINE, *first.shape[2:]), top, first.dtype)
    return np.concatenate([part for each in pictures for part in (line, each)][1:], axis=1)


def removed(before: Samples, after: Samples) -> Samples:
    """What was taken away, on black; shaped and typed as both."""
    taken: Samples = np.maximum(before, after) - after
    return taken


def rain_picture(rainy: Picture, clean: Picture) -> Picture:
    """What was taken away, as a picture of its own, opaque and without metadata."""
    return Picture(removed(rainy.colour, clean.colour), format="PNG")
