"""A family's layers at a style's scale and with its profile, then thinned and lifted."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.draw import log_uniform, pick, smooth_field, uniform
from derain.rain.families import Draw
from derain.rain.families.streaks import VARIES
from derain.rain.profiles import PROFILES
from derain.rain.style import RainStyle

LONGEST = 400.0
"""Pixels that a streak becomes at most, by its style's scale; a bank's crops may be enlarged."""


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
        largest = LONGEST / (style.length[1] * VARIES[1])
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
