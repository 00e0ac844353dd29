"""Before and after as arrays: side by side, and what was taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.media.picture import Picture

Samples = NDArray[Any]  # uint8 or uint16

LINE = 4
"""Pixels of the line between before and after."""


def side_by_side(before: Samples, after: Samples) -> Samples:
    """Before on the left, after on the right, a white line between; of transparency an opaque one.

    Args:
        before, after: (H, W, ...) each, of one type.
    """
    top = np.iinfo(before.dtype).max
    line = np.full((before.shape[0], LINE, *before.shape[2:]), top, before.dtype)
    return np.concatenate([before, line, after], axis=1)


def removed(before: Samples, after: Samples) -> Samples:
    """What was taken away, on black; shaped and typed as both."""
    taken: Samples = np.maximum(before, after) - after
    return taken


def rain_picture(rainy: Picture, clean: Picture) -> Picture:
    """What was taken away, as a picture of its own, opaque and without metadata."""
    return Picture(removed(rainy.colour, clean.colour), format="PNG")
