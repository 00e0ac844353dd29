"""Families of rain: a new one is a file here, with ``@family``, and its name in the init."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Generator, Tensor

from derain.errors import ConfigError
from derain.rain.style import RainPreset, RainStyle


class Draw(Protocol):
    """Draws (N, 1, H, W) layers in [0, 1] of one style."""

    def __call__(
        self, style: RainStyle, count: int, height: int, width: int, generator: Generator
    ) -> Tensor: ...


@dataclass(frozen=True)
class Family:
    """One way rain can look.

    Attributes:
        make: Gives what draws its layers, from the layers that are given to it, if it needs such.
        directed: Whether it falls in the direction that a style says.
        kept: Whether its layers can be kept in a bank, which lives longer than a run's split.
    """

    make: Callable[[Sequence[Tensor]], Draw]
    directed: bool = True
    kept: bool = True


FAMILIES: dict[str, Family] = {}


def family(name: str, directed: bool = True) -> Callable[[Draw], Draw]:
    """Register a function that draws layers as the family ``name``."""

    def register(draw: Draw) -> Draw:
        FAMILIES[name] = Family(lambda _: draw, directed)
        return draw

    return register


def draws(given: Mapping[str, Sequence[Tensor]] | None = None) -> dict[str, Draw]:
    """What draws the layers of each family.

    Args:
        given: Layers, each (h, w) uint8, by the name of the family that crops them; none for
            families that draw.
    """
    layers = given or {}
    return {name: kind.make(layers.get(name, ())) for name, kind in FAMILIES.items()}


def check_families(preset: RainPreset) -> None:
    """Refuse a preset with a family that nobody registered."""
    for recipe in preset.recipes:
        for style in recipe.styles:
            if style.family not in FAMILIES:
                known = ", ".join(FAMILIES)
                raise ConfigError(f"unknown family of rain {style.family!r}; known: {known}")
