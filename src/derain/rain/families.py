"""The families of rain: each draws grey layers in [0, 1] for a batch of images."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.errors import ConfigError
from derain.rain.draw import integer, log_uniform, pick, smooth_field, uniform
from derain.rain.kernels import convolve, drop_kernels, streak_kernels
from derain.rain.profiles import PROFILES
from derain.rain.style import RainStyle

KERNELS_PER_DIRECTION = 3
LONGEST = 400.0
"""Pixels that a streak becomes at most, by its style's scale; a bank's crops may be enlarged."""
_VARIES = (0.8, 1.2)  # lengths and widths within an image
_FAINTEST = 0.1  # a crop with less than that holds noise, not streaks
_BURSTS = 0.02  # of cells of 8x8 pixels are the middle of a burst


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
    scale = uniform(_VARIES, (count, directions, KERNELS_PER_DIRECTION), generator)
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
    return _stretched(blurred, 0.3, 0.995)


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


def sheets(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Soft bands along the fall, without gaps: rain too dense to be streaks, blown in curtains."""

    def seeds(kernels: int, rows: int, columns: int) -> Tensor:
        return torch.rand(kernels, rows, columns, generator=generator, device=generator.device)

    blurred = _streaks(style, count, height, width, generator, seeds)
    return _stretched(blurred, 0.15, 0.98)


def sprays(style: RainStyle, count: int, height: int, width: int, generator: Generator) -> Tensor:
    """Bursts of droplets and short dashes in every direction, dense at their middle."""
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

    return _streaks(style, count, height, width, generator, seeds).clamp(0, 1)


def _stretched(layer: Tensor, low: float, high: float) -> Tensor:
    """Each image's quantiles ``low`` and ``high`` become 0 and 1."""
    flat = layer.flatten(1)
    bottom = flat.quantile(low, dim=1)[:, None, None, None]
    top = flat.quantile(high, dim=1)[:, None, None, None]
    return ((layer - bottom) / (top - bottom + 1e-6)).clamp(0, 1)


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
        self.check()
        return torch.stack([self._one(style, height, width, generator) for _ in range(count)]).to(
            generator.device
        )

    def check(self) -> None:
        """Raise a :class:`ConfigError` that says what to give, where there are no layers."""
        if not self.layers:
            raise ConfigError(f"this rain preset needs {self._lack}")

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


def draws(
    rendered: Sequence[Tensor] = (),
    extracted: Sequence[Tensor] = (),
    filmed: Sequence[Tensor] = (),
) -> dict[str, Draw]:
    """What draws the layers of each family, from the layers that are given, each (h, w) uint8."""
    return {
        "lines": lines,
        "noise": noise,
        "sheets": sheets,
        "sprays": sprays,
        "drops": drops,
        "rendered": Crops(rendered, "rendered streak layers; give their folder"),
        "extracted": Crops(extracted, "the rain layers of pairs; name their lenders"),
        "filmed": Crops(filmed, "rain layers of clips; give the clips"),
    }


def check_layers(families: Mapping[str, Draw], styles: Iterable[RainStyle]) -> None:
    """Refuse styles whose layers are to be given and are not, before anything is drawn.

    Raises:
        ConfigError: Says what to give.
    """
    for style in styles:
        draw = families[style.family]
        if isinstance(draw, Crops):
            draw.check()


def shape(
    draw: Draw, style: RainStyle, count: int, height: int, width: int, generator: Generator
) -> Tensor:
    """Layers of a style at its scale and with its profiles, (N, 1, H, W) in [0, 1].

    A layer is drawn small and enlarged: large rain costs no more than fine rain. The profile is
    put on afterwards, so that hard edges are hard at every scale.
    """
    if style.scale == (1.0, 1.0) and style.profile == ("soft",):
        return draw(style, count, height, width, generator)
    layers = []
    for _ in range(count):
        largest = LONGEST / (style.length[1] * _VARIES[1])
        scale = min(log_uniform(style.scale, generator), largest)
        rows, columns = (max(2, math.ceil(side / scale)) for side in (height, width))
        layer = draw(style, 1, rows, columns, generator)
        if (rows, columns) != (height, width):
            layer = F.interpolate(
                layer, (height, width), mode="bicubic", align_corners=False, antialias=scale < 1
            ).clamp(0, 1)
        profile = style.profile[pick([1.0] * len(style.profile), 1, generator)[0]]
        layers.append(PROFILES[profile](layer, scale * sum(style.width) / 2, generator))
    return torch.cat(layers)


def thinned(layer: Tensor, style: RainStyle, generator: Generator) -> Tensor:
    """A style's layer with its brightness, patchiness and lift, (N, 1, H, W) in [0, 1]."""
    count, _, height, width = layer.shape
    patchiness = uniform(style.patchiness, (count, 1, 1, 1), generator)
    dense = 1 - patchiness * smooth_field(count, height, width, generator)
    layer = layer * dense
    layer = layer * uniform(style.brightness, (count, 1, 1, 1), generator)
    if style.lift[1]:  # none drawn, none rolled for: older presets rain as they did
        lift = uniform(style.lift, (count, 1, 1, 1), generator) * dense
        layer = layer + lift * (1 - layer)
    return layer
