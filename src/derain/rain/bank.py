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

from derain.errors import ConfigError, DatasetError, first_line
from derain.files import atomic_write
from derain.rain.draw import chance, integer, log_uniform, uniform
from derain.rain.families import FAMILIES, Draw, check_layers
from derain.rain.shape import shape
from derain.rain.style import RainPreset, RainStyle

_VERSION = 1
_SMALLEST, _LARGEST = 32, 8192
_NOTHING = "this rain preset has no rain of its own, so there is nothing to keep in a bank"
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
            low, high = widest.get(_key(style), own).angle
            both = min(low, own.angle[0]), max(high, own.angle[1])
            widest[_key(style)] = replace(own, angle=both)
    return list(widest.values())


def _key(style: RainStyle) -> RainStyle:
    """The same for styles that share their layers: they may fall in different directions."""
    return replace(drawn_once(style), angle=(0.0, 0.0))


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
    styles = banked_styles(preset)
    if not styles:
        raise ConfigError(_NOTHING)
    if layers < 1 or not _SMALLEST <= side <= _LARGEST:
        raise ConfigError(
            f"a bank needs at least 1 layer of {_SMALLEST} to {_LARGEST} px, not {layers} of {side}"
        )
    check_layers(families, styles)
    tensors: dict[str, Tensor] = {}
    for index, style in enumerate(styles):
        generator = torch.Generator().manual_seed(seed * 1000 + index)
        fixed = style.directions == (1, 1) and FAMILIES[style.family].directed
        pictures, angles = [], []
        low, high = style.angle
        for place in range(layers):
            # One in each of equal parts, so that no direction is missing by chance.
            angle = low + (high - low) * (place + float(uniform((0, 1), (1,), generator))) / layers
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
    """The layers of one style: (k, side, side) uint8, on disk, and their directions (k,)."""

    layers: Any  # what safetensors gives for a tensor that it has not read
    angles: Tensor

    @property
    def count(self) -> int:
        return len(self.angles)

    @property
    def directed(self) -> bool:
        return not bool(self.angles.isnan().any())


class RainBank:
    """The layers of one preset.

    Args:
        path: A file that :func:`make_bank` wrote.
        preset: The preset it is to serve.

    Raises:
        ConfigError: There is no such file, it was made for another preset, or there is nothing to
            keep of this one.
        DatasetError: It is damaged or cut short.
    """

    def __init__(self, path: Path, preset: RainPreset) -> None:
        styles = banked_styles(preset)
        if not styles:
            raise ConfigError(f"bank={path}: {_NOTHING}; leave it out")
        if not path.is_file():
            raise ConfigError(f"bank={path}: no such file; make it with 'derain bank'")
        try:
            with safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {})["rain-bank"])
                made_for = header["version"], header["styles"]
                if made_for != (_VERSION, [_plain(style) for style in styles]):
                    raise ConfigError(
                        f"bank={path}: was made for another preset, or by another version; make "
                        "it anew with 'derain bank'"
                    )
                shelves = [_open(file, index) for index in range(len(styles))]
        except (SafetensorError, LookupError, TypeError, ValueError, OSError) as error:
            reason = first_line(error)
            raise DatasetError(f"{path}: not a whole bank of rain layers ({reason})") from error
        self.side = int(shelves[0].layers.get_shape()[-1])
        self._shelves = {_key(style): shelf for style, shelf in zip(styles, shelves, strict=True)}

    def check_patch(self, side: int) -> None:
        """Refuse crops that are larger than the layers.

        Raises:
            ConfigError: They are.
        """
        if side > self.side:
            raise ConfigError(
                f"a patch of {side} px is larger than the bank's layers of {self.side}; make a "
                "bank with a larger --side"
            )

    def draw(
        self, style: RainStyle, count: int, height: int, width: int, generator: Generator
    ) -> Tensor:
        """``count`` crops of a style's layers, (N, 1, H, W) in [0, 1]; a style's :class:`Draw`.

        Raises:
            ConfigError: A crop is larger than the bank's layers.
        """
        self.check_patch(max(height, width))
        shelf = self._shelves[_key(style)]
        crops = [self._one(shelf, style, height, width, generator) for _ in range(count)]
        return torch.stack(crops).to(generator.device)

    def _one(
        self, shelf: _Shelf, style: RainStyle, height: int, width: int, generator: Generator
    ) -> Tensor:
        mirrored = bool(chance(0.5, 1, generator))
        index = integer(0, shelf.count - 1, generator)
        if shelf.directed:
            low, high = style.angle
            angle = low if low == high else float(uniform(style.angle, (1,), generator))
            # Mirrored, a layer falls to the other side.
            asked = -angle if mirrored else angle
            most = min(_NEAREST, shelf.count)
            # Streaks have no front: 89 degrees are near -89.
            away = ((shelf.angles - asked + 90) % 180 - 90).abs()
            near = away.topk(most, largest=False).indices
            index = int(near[integer(0, most - 1, generator)])
        zoom = log_uniform(ZOOM, generator) if bool(chance(0.5, 1, generator)) else 1.0
        zoom = max(zoom, max(height, width) / self.side)
        rows, columns = (min(self.side, max(8, round(s / zoom))) for s in (height, width))
        top = integer(0, self.side - rows, generator)
        left = integer(0, self.side - columns, generator)
        cut: Tensor = shelf.layers[index, top : top + rows, left : left + columns]
        crop = cut.float()[None] / 255
        if mirrored:
            crop = crop.flip(-1)
        if (rows, columns) == (height, width):
            return crop
        return F.interpolate(
            crop[None], (height, width), mode="bilinear", align_corners=False, antialias=zoom < 1
        )[0]


def _open(file: Any, index: int) -> _Shelf:
    """One style's layers, not read yet. Raises a ValueError where they are no such layers."""
    layers = file.get_slice(f"{index:02d}/layers")
    angles: Tensor = file.get_tensor(f"{index:02d}/angles")
    count, rows, columns = layers.get_shape()
    if layers.get_dtype() != "U8" or angles.shape != (count,) or not count or rows != columns:
        raise ValueError(f"style {index} is no stack of square layers")
    return _Shelf(layers, angles)
