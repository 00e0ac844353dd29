"""What weather, camera and scene do to the background; all of it stays in the clean image."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from derain.rain.draw import chance, smooth_field, uniform
from derain.rain.style import RainPreset


def weather(clean: Tensor, preset: RainPreset, generator: Generator) -> Tensor:
    """Gamma, a grey veil that varies over the image, and sensor noise, on a share of the images.

    Shape:
        (N, 3, H, W) in [0, 1] -> the same.
    """
    count, _, height, width = clean.shape
    each = (count, 1, 1, 1)
    image = clean ** uniform(preset.gamma, each, generator)
    thickness = uniform(preset.veil, each, generator)
    thickness = thickness * (0.5 + 0.5 * smooth_field(count, height, width, generator))
    image = (1 - thickness) * image + thickness * uniform((0.5, 0.9), each, generator)
    grain = torch.randn(image.shape, generator=generator, device=generator.device)
    image = image + uniform(preset.noise, each, generator) * grain
    chosen = chance(preset.weather_share, count, generator).view(each)
    return torch.where(chosen, image.clamp(0, 1), clean)


def lookalikes(clean: Tensor, share: float, generator: Generator) -> Tensor:
    """Draw bars, railings and hatching over a part of some backgrounds.

    Structures that look like rain and are not: regular, solid, often thicker. They are part of the
    clean image, so that a network learns to leave them (OURS).

    Shape:
        (N, 3, H, W) in [0, 1] -> the same.
    """
    count, _, height, width = clean.shape
    device = generator.device
    each = (count, 1, 1, 1)
    y = torch.arange(height, device=device, dtype=torch.float32)[:, None]
    x = torch.arange(width, device=device, dtype=torch.float32)[None, :]
    radians = torch.deg2rad(uniform((-50.0, 50.0), each, generator))
    across = x * torch.cos(radians) + y * torch.sin(radians)
    period = uniform((5.0, 28.0), each, generator)
    duty = uniform((0.12, 0.5), each, generator)
    phase = torch.remainder(across / period + uniform((0.0, 1.0), each, generator), 1.0)
    distance = (phase - 0.5).abs() * period
    bars = (duty * period / 2 - distance + 0.5).clamp(0, 1)
    centre = uniform((0.2, 0.8), (count, 2), generator)
    extent = uniform((0.15, 0.6), (count, 2), generator)
    inside_y = (y[None, None] / height - centre[:, 0].view(each)).abs() < extent[:, 0].view(each)
    inside_x = (x[None, None] / width - centre[:, 1].view(each)).abs() < extent[:, 1].view(each)
    opacity = bars * (inside_y & inside_x) * uniform((0.4, 1.0), each, generator)
    colour = uniform((0.0, 1.0), each, generator) * uniform((0.7, 1.0), (count, 3, 1, 1), generator)
    drawn = (1 - opacity) * clean + opacity * colour
    return torch.where(chance(share, count, generator).view(each), drawn, clean)
