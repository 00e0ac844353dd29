"""Streaks grown from impulses: single lines, and blurred noise."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from derain.rain.draw import uniform
from derain.rain.families.registry import family
from derain.rain.kernels import convolve, streak_kernels
from derain.rain.quantiles import quantile
from derain.rain.style import RainStyle

KERNELS_PER_DIRECTION = 3
VARIES = (0.8, 1.2)
"""Share of a style's length and width that single streaks of an image have."""


def streaks(
    style: RainStyle,
    count: int,
    height: int,
    width: int,
    generator: Generator,
    seeds: Callable[[int, int, int], Tensor],
) -> Tensor:
    """Streaks grown from ``seeds(kernels, H, W)`` impulse maps, several kernels per direction."""
    low, directions = style.directions
    # All images are drawn with the most directions; those beyond an image's own stay empty.
    own = torch.randint(
        low, directions + 1, (count, 1), generator=generator, device=generator.device
    )
    falling = torch.arange(directions, device=generator.device) < own
    per_image = directions * KERNELS_PER_DIRECTION
    angle = uniform(style.angle, (count, directions, 1), generator)
    jitter = torch.randn(
        count, directions, KERNELS_PER_DIRECTION, generator=generator, device=generator.device
    )
    angles = (angle + style.spread * jitter).reshape(-1)
    # Streaks of one image resemble each other: a common scale, then a little variation.
    scale = uniform(VARIES, (count, directions, KERNELS_PER_DIRECTION), generator)
    lengths = (uniform(style.length, (count, directions, 1), generator) * scale).reshape(-1)
    widths = (uniform(style.width, (count, directions, 1), generator) * scale).reshape(-1)
    kernels = streak_kernels(angles, lengths, widths)
    size = kernels.shape[-1]
    maps = seeds(count * per_image, height + size, width + size)
    maps = maps * falling.repeat_interleave(KERNELS_PER_DIRECTION, dim=1).view(-1, 1, 1)
    layers = convolve(maps, kernels).view(count, per_image, *maps.shape[-2:])
    return layers.sum(1, keepdim=True)[..., :height, :width]


@family("lines")
def lines(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Sharp streaks at random places: Rain100L when sparse, Rain100H when dense."""
    per_kernel = uniform(style.density, (count, 1), generator) / KERNELS_PER_DIRECTION

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        device = generator.device
        share = (per_kernel.expand(-1, kernels // count).reshape(-1, 1, 1)) / 1e4
        places = torch.rand(kernels, rows, columns, generator=generator, device=device) < share
        strength = torch.rand(kernels, rows, columns, generator=generator, device=device)
        return places * (0.3 + 0.7 * strength)

    return streaks(style, count, height, width, generator, seeds).clamp(0, 1)


@family("noise")
def noise(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Thresholded noise blurred along the motion, stretched to full contrast."""
    share = uniform(style.density, (count, 1), generator)

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        device = generator.device
        grain = torch.rand(kernels, rows, columns, generator=generator, device=device)
        limit = 1 - share.expand(-1, kernels // count).reshape(-1, 1, 1) / KERNELS_PER_DIRECTION
        return (grain - limit).clamp(min=0) / (1 - limit)

    blurred = streaks(style, count, height, width, generator, seeds)
    return stretched(blurred, 0.3, 0.995)


def stretched(layer: Tensor, low: float, high: float) -> Tensor:
    """Each image's quantiles ``low`` and ``high`` become 0 and 1."""
    flat = layer.flatten(1)
    bottom, top = (quantile(flat, q)[:, None, None, None] for q in (low, high))
    return ((layer - bottom) / (top - bottom + 1e-6)).clamp(0, 1)
