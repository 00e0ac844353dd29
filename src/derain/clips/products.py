"""What is made of a frame before and after: the clean one, both side by side, what went away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from derain.clips.frames import Frame, Pixels

if TYPE_CHECKING:
    from derain.clips.container import ClipInfo

_LINE = 4  # pixels between before and after


def _clean(rainy: Frame, clean: Frame) -> Frame:
    return clean


def _rain(rainy: Frame, clean: Frame) -> Frame:
    """What was taken away, on black."""
    removed = np.maximum(rainy.colour, clean.colour) - clean.colour
    return replace(clean, colour=removed)


def _compare(rainy: Frame, clean: Frame) -> Frame:
    """Before on the left, after on the right, a white line between."""
    top = np.iinfo(clean.colour.dtype).max
    alpha = clean.alpha
    if alpha is not None:
        alpha = _beside(alpha, alpha, top)
    return replace(clean, colour=_beside(rainy.colour, clean.colour, top), alpha=alpha)


def _beside(left: Pixels, right: Pixels, top: int) -> Pixels:
    line = np.full((left.shape[0], _LINE, *left.shape[2:]), top, left.dtype)
    return np.concatenate([left, line, right], axis=1)


PRODUCTS: Mapping[str, Callable[[Frame, Frame], Frame]] = {
    "clean": _clean,
    "compare": _compare,
    "rain": _rain,
}


def size_of(product: str, info: ClipInfo) -> tuple[int, int]:
    """(width, height) of a product's frames as they are stored."""
    if product != "compare":
        return info.width, info.height
    if info.turn.transposed:
        return info.width, 2 * info.height + _LINE
    return 2 * info.width + _LINE, info.height
