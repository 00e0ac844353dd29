"""Drops near the lens."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from derain.rain.draw import uniform
from derain.rain.families.registry import family
from derain.rain.kernels import convolve, drop_kernels
from derain.rain.style import RainStyle


@family("drops", directed=False)
def drops(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Drops near the lens, out of focus: large, soft and few."""
    groups = 2
    diameter = uniform(style.length, (count * groups,), generator)
    rim = uniform((0.0, 0.6), (count * groups,), generator)
    stretch = uniform((1.0, 2.5), (count * groups,), generator)
    kernels = drop_kernels(diameter, rim, stretch)
    size = kernels.shape[-1]
    share = uniform(style.density, (count, 1), generator).expand(-1, groups).reshape(-1, 1, 1)
    shape = (count * groups, height + size, width + size)
    device = generator.device
    places = torch.rand(shape, generator=generator, device=device) < share / groups / 1e4
    strength = torch.rand(shape, generator=generator, device=device)
    layers = convolve(places * (0.4 + 0.6 * strength), kernels)
    layers = layers.view(count, groups, *layers.shape[-2:]).sum(1, keepdim=True)
    return layers[..., :height, :width].clamp(0, 1)
