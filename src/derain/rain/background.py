"""What weather, camera and scene do to the background; all of it stays in the clean image."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from derain.rain.draw import chance, smooth_field, uniform
from derain.rain.style import RainPreset

_SPARSE = 8.0  # pixels between lines


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
    each = (count, 1, 1, 1)
    y, x = _axes(height, width, generator)
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


def strokes(clean: Tensor, share: float, generator: Generator) -> Tensor:
    """Draw thin lines of many greys over some backgrounds: wires, hatching, hair, a weave.

    What tells them from streaks: they do not end of themselves, they bend together, and each covers
    what is behind it all along (OURS). Dense ones fill a part of the picture; sparse ones run
    through the whole of it, since a lone line that ends is a streak. Some are left out, and a
    quarter of the pictures have a second set across the first.

    Shape:
        (N, 3, H, W) in [0, 1] -> the same.
    """
    count, _, height, width = clean.shape
    each = (count, 1, 1, 1)
    y, x = _axes(height, width, generator)
    radians = torch.deg2rad(uniform((-60.0, 60.0), each, generator))
    across = x * torch.cos(radians) + y * torch.sin(radians)
    along = y * torch.cos(radians) - x * torch.sin(radians)
    length = uniform((60.0, 250.0), each, generator)
    turn = 2 * torch.pi * (along / length + uniform((0.0, 1.0), each, generator))
    bend = uniform((-8.0, 8.0), each, generator).clamp(min=0)  # one half is straight
    uneven = uniform((0.0, 15.0), each, generator) * smooth_field(count, height, width, generator)
    period = torch.exp(uniform((math.log(3.0), math.log(40.0)), each, generator))
    opacity = _lines(across + bend * torch.sin(turn) + uneven, period, generator)
    woven = chance(0.25, count, generator).view(each)
    weft = _lines(along + uneven, period, generator)
    opacity = torch.where(woven, torch.maximum(opacity, weft), opacity)
    where = smooth_field(count, height, width, generator) > uniform((0.0, 0.7), each, generator)
    where |= period > _SPARSE
    colour = uniform((0.2, 1.0), each, generator) * uniform((0.8, 1.0), (count, 3, 1, 1), generator)
    drawn = clean + opacity * where * (colour - clean)
    return torch.where(chance(share, count, generator).view(each), drawn, clean)


def _axes(height: int, width: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Pixel coordinates down (H, 1) and across (1, W), on the generator's device."""
    y, x = (torch.arange(n, device=generator.device, dtype=torch.float32) for n in (height, width))
    return y[:, None], x[None, :]


def _lines(across: Tensor, period: Tensor, generator: Generator) -> Tensor:
    """Opacity in [0, 1] of lines a period apart, each with a strength of its own."""
    each = (len(across), 1, 1, 1)
    thick = uniform((0.8, 2.5), each, generator)
    number = torch.round(across / period)
    distance = (across - number * period).abs()
    # A number's own fraction, as random as it has to be.
    own = torch.remainder(torch.sin(number * 12.9898 + uniform((0, 99), each, generator)) * 4e4, 1)
    seen = ((own - uniform((-0.5, 0.5), each, generator)) * 2).clamp(0, 1)
    return (thick / 2 - distance + 0.5).clamp(0, 1) * seen
