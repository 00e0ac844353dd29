"""The families of rain: each draws grey layers in [0, 1] for a batch of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.errors import ConfigError
from derain.rain.draw import integer, smooth_field, uniform
from derain.rain.kernels import convolve, drop_kernels, streak_kernels
from derain.rain.style import RainStyle

KERNELS_PER_DIRECTION = 3
_FAINTEST = 0.1  # a crop with less than that holds noise, not streaks


class Draw(Protocol):
    """Draws (N, 1, H, W) layers in [0, 1] of one style."""

    def __call__(
        self, style: RainStyle, count: int, height: int, width: int, generator: Generator
    ) -> Tensor: ...


def _crop_of_periodic(maps: Tensor, height: int, width: int) -> Tensor:
    return maps[..., :height, :width]


def _streaks(
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
    scale = uniform((0.8, 1.2), (count, directions, KERNELS_PER_DIRECTION), generator)
    lengths = (uniform(style.length, (count, directions, 1), generator) * scale).reshape(-1)
    widths = (uniform(style.width, (count, directions, 1), generator) * scale).reshape(-1)
    kernels = streak_kernels(angles, lengths, widths)
    size = kernels.shape[-1]
    maps = seeds(count * per_image, height + size, width + size)
    maps = maps * falling.repeat_interleave(KERNELS_PER_DIRECTION, dim=1).view(-1, 1, 1)
    layers = convolve(maps, kernels).view(count, per_image, *maps.shape[-2:])
    return _crop_of_periodic(layers.sum(1, keepdim=True), height, width)


def lines(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Sharp streaks at random places: Rain100L when sparse, Rain100H when dense."""
    per_kernel = uniform(style.density, (count, 1), generator) / KERNELS_PER_DIRECTION

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        device = generator.device
        share = (per_kernel.expand(-1, kernels // count).reshape(-1, 1, 1)) / 1e4
        places = torch.rand(kernels, rows, columns, generator=generator, device=device) < share
        strength = torch.rand(kernels, rows, columns, generator=generator, device=device)
        return places * (0.3 + 0.7 * strength)

    return _streaks(style, count, height, width, generator, seeds).clamp(0, 1)


def noise(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Thresholded noise blurred along the motion, stretched to full contrast."""
    share = uniform(style.density, (count, 1), generator)

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        device = generator.device
        grain = torch.rand(kernels, rows, columns, generator=generator, device=device)
        limit = 1 - share.expand(-1, kernels // count).reshape(-1, 1, 1) / KERNELS_PER_DIRECTION
        return (grain - limit).clamp(min=0) / (1 - limit)

    blurred = _streaks(style, count, height, width, generator, seeds)
    flat = blurred.flatten(1)
    low = flat.quantile(0.3, dim=1)[:, None, None, None]
    high = flat.quantile(0.995, dim=1)[:, None, None, None]
    return ((blurred - low) / (high - low + 1e-6)).clamp(0, 1)


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
    return _crop_of_periodic(layers, height, width).clamp(0, 1)


class Crops:
    """Crops of layers that are given, scaled and mirrored: rendered ones (Garg and Nayar, SIGGRAPH
    2006) or those of pairs.

    Args:
        layers: Grey layers, each (h, w) uint8.
        lack: What to do about it where there are none.
    """

    def __init__(self, layers: Sequence[Tensor], lack: str) -> None:
        self.layers, self._lack = layers, lack

    def __call__(
        self, style: RainStyle, count: int, height: int, width: int, generator: Generator
    ) -> Tensor:
        if not self.layers:
            raise ConfigError(f"this rain preset needs {self._lack}")
        return torch.stack([self._one(style, height, width, generator) for _ in range(count)]).to(
            generator.device
        )

    def _one(self, style: RainStyle, height: int, width: int, generator: Generator) -> Tensor:
        source = self.layers[integer(0, len(self.layers) - 1, generator)].to(generator.device)
        zoom = float(uniform((0.6, 1.6), (1,), generator))
        rows = min(source.shape[0], max(8, round(height / zoom)))
        columns = min(source.shape[1], max(8, round(width / zoom)))
        top = integer(0, source.shape[0] - rows, generator)
        left = integer(0, source.shape[1] - columns, generator)
        crop = source[top : top + rows, left : left + columns].float()[None, None] / 255
        if integer(0, 1, generator):
            crop = crop.flip(-1)
        layer = F.interpolate(crop, size=(height, width), mode="bilinear", align_corners=False)
        peak = layer.flatten().quantile(0.999) if layer.numel() < 2**24 else layer.max()
        return (layer[0] / max(float(peak), _FAINTEST)).clamp(0, 1)


def draw_layer(
    draw: Draw, style: RainStyle, count: int, height: int, width: int, generator: Generator
) -> Tensor:
    """A style's grey layer with its brightness and patchiness, (N, 1, H, W) in [0, 1]."""
    layer = draw(style, count, height, width, generator)
    patchiness = uniform(style.patchiness, (count, 1, 1, 1), generator)
    layer = layer * (1 - patchiness * smooth_field(count, height, width, generator))
    return layer * uniform(style.brightness, (count, 1, 1, 1), generator)
