"""Ways to put a layer of rain on a background."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Compose = Callable[[Tensor, Tensor, Tensor], Tensor]


def add(background: Tensor, layer: Tensor, colour: Tensor) -> Tensor:
    """O = B + cS (the linear model of Rain100L/H)."""
    return background + layer * colour


def screen(background: Tensor, layer: Tensor, colour: Tensor) -> Tensor:
    """O = 1 - (1 - B)(1 - cS) (the screen blend of Luo et al., ICCV 2015)."""
    return 1 - (1 - background) * (1 - layer * colour)


def alpha(background: Tensor, layer: Tensor, colour: Tensor) -> Tensor:
    """O = (1 - S) B + S c: the streak hides what is behind it."""
    return (1 - layer) * background + layer * colour


COMPOSITIONS: dict[str, Compose] = {"add": add, "screen": screen, "alpha": alpha}
