"""Sheets and curtains of rain."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from derain.rain.families.registry import family
from derain.rain.families.streaks import streaks, stretched
from derain.rain.style import RainStyle


@family("sheets")
def sheets(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Soft bands along the fall, without gaps: rain too dense to be streaks, blown in curtains."""

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        return torch.rand(kernels, rows, columns, generator=generator, device=generator.device)

    blurred = streaks(style, count, height, width, generator, seeds)
    return stretched(blurred, 0.15, 0.98)
