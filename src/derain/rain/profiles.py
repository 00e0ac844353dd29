"""What a streak looks like across: a layer's soft lines made flat, ragged or beaded."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.draw import noise_field
from derain.rain.style import Profile

_LEVEL = 0.2  # of the soft layer, where a hard edge runs: faint streaks stay, too
_SOFTEST = 0.5


def soft(layer: Tensor, width: float, generator: Generator) -> Tensor:
    """As it was drawn: Gaussian across, tapered at the ends."""
    return layer


def flat(layer: Tensor, width: float, generator: Generator) -> Tensor:
    """One brightness from edge to edge, with edges of about a pixel and blunt ends."""
    return _hard(layer, _LEVEL, width) * _strengths(layer, width, generator)


def ragged(layer: Tensor, width: float, generator: Generator) -> Tensor:
    """As flat, with edges that wander by about half a width."""
    wander = noise_field(layer, max(2.0, width), generator)
    return _hard(layer, _LEVEL * (0.5 + 2 * wander), width) * _strengths(layer, width, generator)


def beaded(layer: Tensor, width: float, generator: Generator) -> Tensor:
    """Broken into beads about as long as a streak is wide: a drop that oscillates while it falls
    (Garg and Nayar, SIGGRAPH 2006)."""
    beads = noise_field(layer, max(1.5, width), generator)
    return layer * ((beads - 0.35) * 4).clamp(0, 1)


PROFILES: dict[Profile, Callable[[Tensor, float, Generator], Tensor]] = {
    "soft": soft,
    "flat": flat,
    "ragged": ragged,
    "beaded": beaded,
}
"""(N, 1, H, W) in [0, 1], the streaks' width in pixels -> the same shape and range."""


def _hard(layer: Tensor, level: Tensor | float, width: float) -> Tensor:
    # A soft line falls from 1 to 0 in about a width, so this much of it in about a pixel.
    band = min(_SOFTEST, 1.2 / max(width, 1.0))
    return ((layer - level) / band + 0.5).clamp(0, 1)


def _strengths(layer: Tensor, width: float, generator: Generator) -> Tensor:
    """What the hard edge took from the streaks: that some are brighter than others."""
    field = noise_field(layer, max(8.0, 4 * width), generator)
    return 0.3 + 0.7 * F.avg_pool2d(field, 3, 1, 1)
