"""Rain with time: streaks fall through the frames, wind and density drift."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import torch
from torch import Generator, Tensor

from derain.rain.compose import COMPOSITIONS
from derain.rain.draw import integer, log_uniform, pick, uniform
from derain.rain.families import draws
from derain.rain.families.registry import FAMILIES
from derain.rain.shape import LONGEST, shape, thinned
from derain.rain.style import RainPreset, RainRecipe, RainStyle
from derain.rain.synthesizer import light_colour, splash_places

_EXPOSURE = (0.3, 1.0)  # share of the time between frames that the shutter is open
_TALLEST = 2.0  # frames that rain falls through in one sheet; faster rain is drawn anew each frame
_GUST = 0.25  # how far the density varies over time
_UNGIVEN = ("rendered", "extracted", "filmed")


def drawable(preset: RainPreset) -> RainPreset:
    """A preset's recipes that need no layers from elsewhere."""
    kept = tuple(
        r for r in preset.recipes if not any(style.family in _UNGIVEN for style in r.styles)
    )
    return replace(preset, recipes=kept)


def rain_over(
    frames: Sequence[Tensor], recipe: RainRecipe, generator: Generator
) -> Iterator[Tensor]:
    """Frames with a recipe's rain, one after another.

    Args:
        frames: (1, 3, H, W) each, in [0, 1], in order of time.
        recipe: Its styles' ranges are drawn once: they hold for the clip.
    """
    wind = (-recipe.wind, recipe.wind)
    angle = float(uniform(wind, (1,), generator)) * 0.7 if recipe.wind else None
    rained = list(frames)
    for style in recipe.styles:
        turned = style if angle is None else replace(style, angle=(angle, angle))
        for one in _single(turned, generator):
            rained = _fall(rained, one, generator)
    yield from rained


def _single(style: RainStyle, generator: Generator) -> Iterator[RainStyle]:
    """A style's populations, each of one direction and size."""
    for _ in range(integer(*style.directions, generator)):
        drawn = {
            field.name: (value, value)
            for field in fields(style)
            if field.name not in ("directions", "scale", "tint", "lift", "glow", "patchiness")
            and isinstance(bounds := getattr(style, field.name), tuple)
            and isinstance(bounds[0], float | int)
            for value in [float(uniform(bounds, (1,), generator))]
        }
        scale = min(log_uniform(style.scale, generator), LONGEST / (style.length[1] * 1.2))
        yield replace(style, directions=(1, 1), scale=(scale, scale), **drawn)  # type: ignore[arg-type]


def _fall(frames: Sequence[Tensor], style: RainStyle, generator: Generator) -> list[Tensor]:
    tint = uniform(style.tint, (1, 1, 1, 1), generator)
    colour = 1 - tint * uniform((0.0, 1.0), (1, 3, 1, 1), generator)
    if style.glow[1]:
        glow = uniform(style.glow, (1, 1, 1, 1), generator)
        colour = colour * (1 - glow + glow * light_colour(frames[0]))
    compose = COMPOSITIONS[style.compose[pick([1.0] * len(style.compose), 1, generator)[0]]]
    phase, period = uniform((0.0, 6.3), (1,), generator), uniform((8.0, 40.0), (1,), generator)
    result = []
    for time, (frame, layer) in enumerate(
        zip(frames, _layers(len(frames), frames[0], style, generator), strict=True)
    ):
        gust = 1 + _GUST * torch.sin(2 * torch.pi * time / period + phase)
        if style.edges:
            layer = layer * splash_places(frame)
        result.append(compose(frame, (layer * gust).clamp(0, 1), colour).clamp(0, 1))
    return result


def _layers(count: int, like: Tensor, style: RainStyle, generator: Generator) -> Iterator[Tensor]:
    """A population's layers over time, (1, 1, H, W) each.

    A streak is as long as a drop falls while the shutter is open, so it falls by its length over
    the exposure from frame to frame; along its own direction, which the wind turns a little.
    """
    height, width = like.shape[-2:]
    draw = draws()[style.family]
    step = style.length[0] * style.scale[0] / float(uniform(_EXPOSURE, (1,), generator))
    turns = torch.cumsum(0.5 * torch.randn(count, generator=generator), 0)
    angles = torch.deg2rad(style.angle[0] + turns)
    drift = 1 + 0.1 * torch.sin(torch.arange(count) / 4 + uniform((0.0, 6.3), (1,), generator))
    places = torch.cumsum(
        step * drift[:, None] * torch.stack([torch.cos(angles), -torch.sin(angles)], dim=1), 0
    )  # down, right
    places = places - places.amin(0)
    rows, columns = (math.ceil(float(x)) for x in places.amax(0))
    if (
        style.edges
        or not FAMILIES[style.family].directed
        or rows > _TALLEST * height
        or (columns > _TALLEST * width)
    ):
        for _ in range(count):
            yield thinned(shape(draw, style, 1, height, width, generator), style, generator)
        return
    sheet = shape(draw, style, 1, height + rows, width + columns, generator)
    sheet = thinned(sheet, style, generator)
    for down, right in places.round().int().tolist():
        # What has fallen further shows what was higher up in the sheet.
        top, left = rows - down, columns - right
        top, left = max(0, top), max(0, left)
        yield sheet[..., top : top + height, left : left + width]
