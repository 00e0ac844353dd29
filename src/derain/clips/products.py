"""What is made of a frame before and after: the clean one, both side by side, what went away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from derain.clips.frames import Frame
from derain.media.compared import LINE, removed, side_by_side

if TYPE_CHECKING:
    from derain.clips.container import ClipInfo


def _clean(rainy: Frame, clean: Frame) -> Frame:
    return clean


def _rain(rainy: Frame, clean: Frame) -> Frame:
    return replace(clean, colour=removed(rainy.colour, clean.colour))


def _compare(rainy: Frame, clean: Frame) -> Frame:
    alpha = None if clean.alpha is None else side_by_side(clean.alpha, clean.alpha)
    return replace(clean, colour=side_by_side(rainy.colour, clean.colour), alpha=alpha)


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
        return info.width, 2 * info.height + LINE
    return 2 * info.width + LINE, info.height
