"""Rain on clean photographs: rainy, clean and the rain layer between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.rain.background import lookalikes, strokes, weather
from derain.rain.bank import RainBank
from derain.rain.compose import COMPOSITIONS
from derain.rain.draw import chance, integer, pick, uniform
from derain.rain.families import FAMILIES, check_families, check_layers, draws
from derain.rain.jpeg import jpeg
from derain.rain.quantiles import quantile
from derain.rain.shape import shape, thinned
from derain.rain.style import RainPreset, RainRecipe, RainStyle

_STEEP = 1.6  # the power that makes steep rain more common than slanting rain


class Sample(NamedTuple):
    """A synthesised batch, each (N, 3, H, W) float32.

    Attributes:
        rainy: O, in [0, 1], on the 8-bit grid.
        clean: B, in [0, 1], on the 8-bit grid, with the weather that is not streaks.
        rain: O - B, signed: what a rain residual network is to predict.
    """

    rainy: Tensor
    clean: Tensor
    rain: Tensor


class RainSynthesizer:
    """Draws rain of a preset onto batches of clean images.

    Args:
        preset: The distribution to draw from.
        rendered: Rendered streak layers, each (h, w) uint8, for the family of that name.
        extracted: Rain layers of pairs, each (h, w) uint8, for the family of that name.
        filmed: Rain layers of clips, each (h, w) uint8, for the family of that name.
        bank: Layers drawn beforehand; without it each is drawn when it is needed.

    Raises:
        ConfigError: The preset needs layers that are not given.

    Deterministic: the same generator state, device and input give the same batch.
    """

    def __init__(
        self,
        preset: RainPreset,
        rendered: Sequence[Tensor] = (),
        extracted: Sequence[Tensor] = (),
        filmed: Sequence[Tensor] = (),
        bank: RainBank | None = None,
    ) -> None:
        self.preset, self.extracted = preset, extracted
        check_families(preset)
        self._draws = draws({"rendered": rendered, "extracted": extracted, "filmed": filmed})
        self._bank = bank
        styles = [style for recipe in preset.recipes for style in recipe.styles]
        check_layers(self._draws, [style for style in styles if not self._banked(style)])

    def __call__(self, clean: Tensor, generator: Generator) -> Sample:
        """Put rain on ``clean`` (N, 3, H, W) in [0, 1]; ``generator`` is on the same device."""
        preset, count = self.preset, len(clean)
        background = lookalikes(clean, preset.lookalikes, generator)
        if preset.strokes:  # none drawn, none rolled for: older presets rain as they did
            background = strokes(background, preset.strokes, generator)
        background = weather(background, preset, generator)
        rainy = background.clone()
        drawn = pick([recipe.weight for recipe in preset.recipes], count, generator)
        for index, recipe in enumerate(preset.recipes):
            chosen = [i for i, which in enumerate(drawn) if which == index]
            if chosen:
                rainy[chosen] = self._pour(background[chosen], recipe, generator)
        quality = uniform(preset.jpeg, (count,), generator)
        compressed = chance(preset.jpeg_share, count, generator)[:, None, None, None]
        if bool(compressed.any()):
            rainy = torch.where(compressed, jpeg(rainy, quality), rainy)
            background = torch.where(compressed, jpeg(background, quality), background)
        rainy, background = _on_grid(rainy), _on_grid(background)
        return Sample(rainy, background, rainy - background)

    def _pour(self, image: Tensor, recipe: RainRecipe, generator: Generator) -> Tensor:
        """Put a recipe's rain on images; each has a wind of its own, where there is one."""
        if not recipe.wind:
            for style in recipe.styles:
                image = self._rain(image, style, generator)
            return image
        rained = []
        for one in torch.split(image, 1):
            wind = _wind(recipe.wind, generator)
            for style in recipe.styles:
                one = self._rain(one, replace(style, angle=(wind, wind)), generator)
            rained.append(one)
        return torch.cat(rained)

    def check_patch(self, side: int) -> None:
        """Raise a :class:`ConfigError` where the bank's layers are smaller than a patch."""
        if self._bank is not None:
            self._bank.check_patch(side)

    def _banked(self, style: RainStyle) -> bool:
        return self._bank is not None and FAMILIES[style.family].kept

    def _rain(self, image: Tensor, style: RainStyle, generator: Generator) -> Tensor:
        count, _, height, width = image.shape
        if self._bank is not None and self._banked(style):
            layer = self._bank.draw(style, count, height, width, generator)
        else:
            layer = shape(self._draws[style.family], style, count, height, width, generator)
        layer = thinned(layer, style, generator)
        if style.edges:
            layer = layer * splash_places(image)
        tint = uniform(style.tint, (count, 1, 1, 1), generator)
        colour = 1 - tint * uniform((0.0, 1.0), (count, 3, 1, 1), generator)
        if style.glow[1]:  # none drawn, none rolled for: older presets rain as they did
            glow = uniform(style.glow, (count, 1, 1, 1), generator)
            colour = colour * (1 - glow + glow * light_colour(image))
        compose = COMPOSITIONS[style.compose[integer(0, len(style.compose) - 1, generator)]]
        return compose(image, layer, colour).clamp(0, 1)


def _wind(most: float, generator: Generator) -> float:
    """Degrees from vertical, up to ``most`` to both sides, steep ones more often."""
    drawn = float(uniform((-1.0, 1.0), (1,), generator))
    return most * math.copysign(abs(drawn) ** _STEEP, drawn)


def light_colour(image: Tensor) -> Tensor:
    """Colour of each image's brightest twentieth, its largest channel 1.

    Shape:
        (N, 3, H, W) in [0, 1] -> (N, 3, 1, 1).
    """
    bright = image.mean(dim=1, keepdim=True).flatten(2)
    least = quantile(bright[:, 0], 0.95)[:, None, None]
    weight = (bright >= least).float()
    mean = (image.flatten(2) * weight).sum(2) / weight.sum(2)
    return (mean / mean.amax(dim=1, keepdim=True).clamp(min=1e-3))[..., None, None]


def splash_places(image: Tensor) -> Tensor:
    """Where rain that falls on edges splashes: on them and above, (N, 3, H, W) -> (N, 1, H, W)."""
    grey = F.avg_pool2d(image.mean(dim=1, keepdim=True), 5, 1, 2, count_include_pad=False)
    step = F.pad((grey[..., 1:, :] - grey[..., :-1, :]).abs(), (0, 0, 0, 1))
    edges = (step / step.amax(dim=(2, 3), keepdim=True).clamp(min=1e-3) - 0.3).clamp(min=0) * 2
    above = F.max_pool2d(F.pad(edges, (0, 0, 0, 16)), (17, 9), 1, (0, 4))
    return F.avg_pool2d(above, 9, 1, 4).clamp(0, 1)


def _on_grid(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255).round() / 255
