"""A bank of rain layers: drawn once, kept on disk, cropped in no time.

Drawing the layers of a preset costs more than a training step on the CPU. A bank holds some hundred
layers of every style of one preset, memory-mapped; a crop of one, moved, mirrored, scaled and
weighed anew, stands for a fresh layer. Its file is safetensors: per style the layers
(k, side, side) uint8 and their directions (k,) float32 in degrees, NaN where there are several.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Generator, Tensor

from derain.errors import ConfigError, DatasetError
from derain.files import atomic_write
from derain.rain.draw import chance, integer, log_uniform, uniform
from derain.rain.families import FAMILIES, Draw
from derain.rain.shape import shape
from derain.rain.style import RainPreset, RainStyle

_VERSION = 1
_NEAREST = 6
"""Layers whose direction comes nearest to the one asked for: one of them is taken."""
ZOOM = (0.7, 1.45)
"""By how much a crop may be shrunk or enlarged; every other one is left as it is."""


def drawn_once(style: RainStyle) -> RainStyle:
    """What of a style is in its layers; all else is drawn for each crop."""
    plain = RainStyle(style.family)
    later = {
        name: getattr(plain, name)
        for name in ("brightness", "tint", "patchiness", "lift", "glow", "edges", "compose")
    }
    return replace(style, **later)


def banked_styles(preset: RainPreset) -> list[RainStyle]:
    """The different layers a preset needs, in its order; those lent by pairs are not kept."""
    widest: dict[RainStyle, RainStyle] = {}
    for recipe in preset.recipes:
        for style in recipe.styles:
            if not FAMILIES[style.family].kept:
                continue
            own = drawn_once(style)
            if recipe.wind and FAMILIES[style.family].directed:
                own = replace(own, angle=(-90.0, 90.0))
            key = replace(own, angle=(0.0, 0.0))
            if key not in widest or own.angle[1] > widest[key].angle[1]:
                widest[key] = own
    return list(widest.values())


def make_bank(
    path: Path,
    preset: RainPreset,
    families: dict[str, Draw],
    layers: int,
    side: int,
    seed: int,
    report: Callable[[str], None] = lambda _: None,
) -> int:
    """Draw ``layers`` layers of every style and write them, atomically; gives how many in all.

    The same arguments give the same file, to the byte, on one kind of machine.

    Raises:
        ConfigError: The preset has no rain of its own, or it needs layers that are not given.
    """
    if not banked_styles(preset):
        raise ConfigError("this rain preset draws no layers, so there is nothing to keep")
    if layers < 1 or side < 32:
        raise ConfigError(f"a bank needs layers of at least 32 px, not {layers} of {side}")
    tensors: dict[str, Tensor] = {}
    styles = banked_styles(preset)
    for index, style in enumerate(styles):
        generator = torch.Generator().manual_seed(seed * 1000 + index)
        fixed = style.directions == (1, 1) and FAMILIES[style.family].directed
        pictures, angles = [], []
        for _ in range(layers):
            angle = float(uniform(style.angle, (1,), generator))
            own = replace(style, angle=(angle, angle)) if fixed else style
            layer = shape(families[style.family], own, 1, side, side, generator)
            pictures.append((layer[0, 0] * 255).round().byte())
            angles.append(angle if fixed else torch.nan)
        tensors[f"{index:02d}/layers"] = torch.stack(pictures)
        tensors[f"{index:02d}/angles"] = torch.tensor(angles)
        report(f"{index + 1} of {len(styles)}: {style.family}")
    header = {"version": _VERSION, "seed": seed, "styles": [_plain(style) for style in styles]}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, save(tensors, {"rain-bank": json.dumps(header)}))
    return len(styles) * layers


def _plain(style: RainStyle) -> dict[str, Any]:
    """As JSON gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(style)))
    return plain


@dataclass(frozen=True)
class _Shelf:
    layers: Tensor
    angles: Tensor


class RainBank:
    """The layers of one preset.

    Args:
        path: A file that :func:`make_bank` wrote.
        preset: The preset it is to serve.

    Raises:
        ConfigError: There is no such file, or it was made for another preset.
        DatasetError: It is damaged or cut short.
    """

    def __init__(self, path: Path, preset: RainPreset) -> None:
        if not path.is_file():
            raise ConfigError(f"bank={path}: no such file; make it with 'derain bank'")
        try:
            with safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {})["rain-bank"])
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError, OSError) as error:
            raise DatasetError(f"{path}: not a whole bank of rain layers ({error})") from error
        styles = banked_styles(preset)
        if header.get("version") != _VERSION or header["styles"] != [_plain(s) for s in styles]:
            raise ConfigError(
                f"bank={path}: was made for another preset, or by an older version; make it anew "
                "with 'derain bank'"
            )
        self.side = int(state["00/layers"].shape[-1]) if styles else 0
        self._shelves = {
            replace(style, angle=(0.0, 0.0)): _Shelf(
                state[f"{index:02d}/layers"], state[f"{index:02d}/angles"]
            )
            for index, style in enumerate(styles)
        }

    def draw(
        self, style: RainStyle, count: int, height: int, width: int, generator: Generator
    ) -> Tensor:
        """``count`` crops of a style's layers, (N, 1, H, W) in [0, 1]; a style's :class:`Draw`.

        Raises:
            ConfigError: A crop is larger than the bank's layers.
        """
        if max(height, width) > self.side:
            raise ConfigError(
                f"a patch of {max(height, width)} px is larger than the bank's layers of "
                f"{self.side}; make a bank with a larger --side"
            )
        shelf = self._shelves[replace(drawn_once(style), angle=(0.0, 0.0))]
        crops = [self._one(shelf, style, height, width, generator) for _ in range(count)]
        return torch.stack(crops).to(generator.device)

    def _one(
        self, shelf: _Shelf, style: RainStyle, height: int, width: int, generator: Generator
    ) -> Tensor:
        mirrored = bool(chance(0.5, 1, generator))
        low, high = style.angle
        index = integer(0, len(shelf.layers) - 1, generator)
        if low == high and not bool(shelf.angles[0].isnan()):
            # Mirrored, a layer falls to the other side.
            asked = -low if mirrored else low
            most = min(_NEAREST, len(shelf.layers))
            near = (shelf.angles - asked).abs().topk(most, largest=False).indices
            index = int(near[integer(0, most - 1, generator)])
        zoom = log_uniform(ZOOM, generator) if bool(chance(0.5, 1, generator)) else 1.0
        rows, columns = (min(self.side, max(8, round(s / zoom))) for s in (height, width))
        top = integer(0, self.side - rows, generator)
        left = integer(0, self.side - columns, generator)
        crop = shelf.layers[index, top : top + rows, left : left + columns].float()[None] / 255
        if mirrored:
            crop = crop.flip(-1)
        if (rows, columns) == (height, width):
            return crop
        return F.interpolate(
            crop[None], (height, width), mode="bilinear", align_corners=False, antialias=zoom < 1
        )[0]
