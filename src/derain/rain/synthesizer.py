"""Rain on clean photographs: rainy, clean and the rain layer between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from derain.rain.background import lookalikes, strokes, weather
from derain.rain.compose import COMPOSITIONS
from derain.rain.draw import chance, integer, pick, uniform
from derain.rain.families import Crops, Draw, draw_layer, drops, lines, noise
from derain.rain.jpeg import jpeg
from derain.rain.style import RainPreset, RainRecipe


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

    Deterministic: the same generator state, device and input give the same batch.
    """

    def __init__(
        self,
        preset: RainPreset,
        rendered: Sequence[Tensor] = (),
        extracted: Sequence[Tensor] = (),
    ) -> None:
        self.preset, self.rendered, self.extracted = preset, rendered, extracted
        self._draws: dict[str, Draw] = {
            "lines": lines,
            "noise": noise,
            "drops": drops,
            "rendered": Crops(rendered, "rendered streak layers; give their folder"),
            "extracted": Crops(extracted, "the rain layers of pairs; name their lenders"),
        }

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
        count, _, height, width = image.shape
        for style in recipe.styles:
            draw = self._draws[style.family]
            layer = draw_layer(draw, style, count, height, width, generator)
            tint = uniform(style.tint, (count, 1, 1, 1), generator)
            colour = 1 - tint * uniform((0.0, 1.0), (count, 3, 1, 1), generator)
            compose = COMPOSITIONS[style.compose[integer(0, len(style.compose) - 1, generator)]]
            image = compose(image, layer, colour).clamp(0, 1)
        return image


def _on_grid(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255).round() / 255
