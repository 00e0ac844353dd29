"""Sprays: what rain becomes where it hits something."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.draw import uniform
from derain.rain.families.registry import family
from derain.rain.families.streaks import KERNELS_PER_DIRECTION, streaks
from derain.rain.style import RainStyle

_BURSTS = 0.02  # of cells of 8x8 pixels are the middle of a burst


@family("sprays")
def sprays(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Bursts of droplets and short dashes in every direction, dense at their middle.

    They are twice as many as the style's density says: networks were trained on so many.
    """
    device = generator.device
    per_kernel = uniform(style.density, (count, 1), generator) / KERNELS_PER_DIRECTION

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        cells = [max(2, side // 8) for side in (rows, columns)]
        hits = torch.rand(kernels, 1, *cells, generator=generator, device=device) < _BURSTS
        near = F.avg_pool2d(hits.float(), 3, 1, 1, count_include_pad=False) * 2
        burst = F.interpolate(near, size=(rows, columns), mode="bilinear", align_corners=False)
        share = per_kernel.expand(-1, kernels // count).reshape(-1, 1, 1) / 1e4
        grain = torch.rand(kernels, rows, columns, generator=generator, device=device)
        strength = torch.rand(kernels, rows, columns, generator=generator, device=device)
        return (grain < share * burst[:, 0] / _BURSTS) * (0.3 + 0.7 * strength)

    return streaks(style, count, height, width, generator, seeds).clamp(0, 1)
