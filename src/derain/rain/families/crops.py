"""Layers that are given: rendered, lent by pairs, taken from clips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from derain.errors import ConfigError
from derain.rain.draw import integer, uniform
from derain.rain.families.registry import FAMILIES, Draw, Family
from derain.rain.quantiles import quantile
from derain.rain.style import RainStyle

_FAINTEST = 0.1  # a crop with less than that holds noise, not streaks


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
        peak = quantile(layer.flatten()[None], 0.999)
        return (layer[0] / max(float(peak), _FAINTEST)).clamp(0, 1)


def check_layers(families: Mapping[str, Draw], styles: Iterable[RainStyle]) -> None:
    """Refuse styles whose layers are to be given and are not, before anything is drawn.

    Raises:
        ConfigError: Says what to give.
    """
    for style in styles:
        draw = families[style.family]
        if isinstance(draw, Crops):
            draw.check()


def _given(lack: str, kept: bool = True) -> Family:
    return Family(lambda layers: Crops(layers, lack), directed=False, kept=kept)


FAMILIES["rendered"] = _given("rendered streak layers; give their folder")
# What pairs lend depends on which of them are held out.
FAMILIES["extracted"] = _given("the rain layers of pairs; name their lenders", kept=False)
FAMILIES["filmed"] = _given("rain layers of clips; give the clips")
