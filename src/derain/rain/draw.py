"""Random draws on the generator's own device, so that a seed fixes a picture."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from derain.rain.style import Range


def uniform(bounds: Range, shape: tuple[int, ...], generator: Generator) -> Tensor:
    """Uniform in [low, high), float32."""
    low, high = bounds
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def chance(share: float, count: int, generator: Generator) -> Tensor:
    """(count,) booleans, each true with probability ``share``."""
    return torch.rand(count, generator=generator, device=generator.device) < share


def integer(low: int, high: int, generator: Generator) -> int:
    """One integer in [low, high], both ends included."""
    return int(
        torch.randint(low, high + 1, (1,), generator=generator, device=generator.device).item()
    )


def pick(weights: list[float], count: int, generator: Generator) -> list[int]:
    """``count`` indices drawn by weight, with replacement; none where there are no weights."""
    if not weights:
        return []
    table = torch.tensor(weights, dtype=torch.float64, device=generator.device)
    drawn: list[int] = torch.multinomial(
        table, count, replacement=True, generator=generator
    ).tolist()
    return drawn


def log_uniform(bounds: Range, generator: Generator) -> float:
    """One number in [low, high), every octave alike."""
    low, high = bounds
    return low if low == high else float(low * (high / low) ** uniform((0, 1), (1,), generator))


def noise_field(like: Tensor, cell: float, generator: Generator) -> Tensor:
    """(N, 1, H, W) random fields in [0, 1] that vary over about ``cell`` pixels."""
    count, _, height, width = like.shape
    rows, columns = (max(2, round(side / cell)) for side in (height, width))
    coarse = torch.rand(count, 1, rows, columns, generator=generator, device=generator.device)
    return torch.nn.functional.interpolate(
        coarse, size=(height, width), mode="bilinear", align_corners=True
    )


def smooth_field(count: int, height: int, width: int, generator: Generator) -> Tensor:
    """(count, 1, H, W) random fields in [0, 1] that vary slowly over the image."""
    coarse = torch.rand(count, 1, 4, 4, generator=generator, device=generator.device)
    return torch.nn.functional.interpolate(
        coarse, size=(height, width), mode="bicubic", align_corners=True
    ).clamp(0, 1)
