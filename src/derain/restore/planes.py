"""From pixels of any type to the planes that a network takes, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.restore.images import Colours


def full_scale(kind: np.dtype[Any]) -> np.float32:
    """White in pixels of this type."""
    return np.float32(1 if kind.kind == "f" else np.iinfo(kind).max)


def to_unit(colour: Colours) -> NDArray[np.float32]:
    """(h, w, 1 or 3) pixels of any type -> (3, h, w) float32 in [0, 1]."""
    planes = np.empty((3, *colour.shape[:2]), np.float32)
    top = full_scale(colour.dtype)
    np.divide(np.moveaxis(colour, 2, 0), top, out=planes, casting="same_kind")
    return planes


def apply_change(colour: Colours, change: NDArray[np.float32], clean: Colours) -> None:
    """B = O - R + D in float32, clipped and rounded to the picture's own type, into ``clean``.

    Args:
        colour: (h, W, 1 or 3) pixels of the input.
        change: (3, h, W) D - R in units of the full range; overwritten.
        clean: Receives the result, shaped as ``colour``.
    """
    if colour.shape[2] == 1:
        change = change.mean(axis=0, keepdims=True)
    pixels, result = np.moveaxis(colour, 2, 0), np.moveaxis(clean, 2, 0)
    if colour.dtype.kind == "f":
        np.clip(pixels + change, 0, 1, out=result, casting="same_kind")
        return
    top = np.iinfo(colour.dtype).max
    change *= top
    change += pixels
    np.clip(change, 0, top, out=change)
    result[...] = np.rint(change, out=change)
