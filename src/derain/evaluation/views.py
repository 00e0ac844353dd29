"""A set seen otherwise: its pictures enlarged or turned, rainy and clean alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from derain.metrics import check_degrees, check_factor, enlarge, turn

Pixels = NDArray[np.uint8]


class View(Protocol):
    """How pictures are changed before they are derained and scored."""

    @property
    def name(self) -> str:
        """What is added to the set's name."""
        ...

    def __call__(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 -> the same picture, seen otherwise."""
        ...


@dataclass(frozen=True)
class Enlarged:
    """Another size, as :func:`derain.metrics.enlarge` makes it."""

    factor: float

    def __post_init__(self) -> None:
        check_factor(self.factor)

    @property
    def name(self) -> str:
        return f"x{self.factor:g}"

    def __call__(self, pixels: Pixels) -> Pixels:
        return enlarge(pixels, self.factor)


@dataclass(frozen=True)
class Turned:
    """Another angle, as :func:`derain.metrics.turn` makes it."""

    degrees: float

    def __post_init__(self) -> None:
        check_degrees(self.degrees)

    @property
    def name(self) -> str:
        return f"turned {self.degrees:g}"

    def __call__(self, pixels: Pixels) -> Pixels:
        return turn(pixels, self.degrees)


def make_views(factors: Sequence[float], angles: Sequence[float]) -> list[View]:
    """The views of some factors and angles (degrees), none twice.

    Raises:
        UsageError: A factor or angle that no picture can be changed by.
    """
    views: list[View] = [*map(Enlarged, factors), *map(Turned, angles)]
    return list({view.name: view for view in views}.values())
