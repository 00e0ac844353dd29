"""The rain of a source of clean photographs, in training and on what is held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from derain.data import list_images
from derain.rain.bank import RainBank
from derain.rain.folder import without
from derain.rain.presets import rain_preset
from derain.rain.synthesizer import RainSynthesizer
from derain.tensors import Pixels, to_pixels, to_tensor
from derain.training.batches import PairPool, Pool, step_generator
from derain.training.config import SynthesisSource
from derain.training.lazy import Lazy
from derain.training.pictures import Pictures

CPU = torch.device("cpu")
"""Where what is held out is rained on: it must not depend on where training runs."""
HELD_SIDE = 480
"""Held-out photographs are cut to this many pixels a side before it rains on them."""


def synthesizer_of(
    source: SynthesisSource,
    root: Path,
    pools: Sequence[Pool],
    pictures: Pictures,
    device: torch.device,
    banked: bool = True,
) -> RainSynthesizer:
    """A source's rain. Its layers are read when they are drawn.

    Args:
        source: Which.
        root: Where its folder of streaks starts.
        pools: Those that may lend it their layers.
        pictures: Reads the layers.
        device: Where it is drawn.
        banked: Whether it may come from a bank; what is held out is drawn anew, so that it depends
            on none.

    Raises:
        ConfigError: The bank is missing or another preset's.
        DatasetError: There are no streaks, or the bank is damaged.
    """
    chosen, bank = rain_preset(source.preset), None
    if banked and source.bank:
        bank = RainBank(Path(source.bank), chosen)
    rendered: Sequence[Tensor] = ()
    if source.streaks and not bank:
        rendered = Lazy(list_images(root / source.streaks), lambda p: _grey(p, pictures).to(device))
    lent = [p.pairs for p in pools if isinstance(p, PairPool) and p.name in source.lenders]
    places = [(pairs, index) for pairs in lent for index in range(len(pairs))]
    extracted = Lazy(places, lambda place: rain_layer(*place[0][place[1]]).to(device))
    if not bank and source.bank:
        chosen = without(chosen, "filmed")
    return RainSynthesizer(chosen, rendered, extracted, bank=bank)


def _grey(path: Path, pictures: Pictures) -> Tensor:
    """A rendered layer, (h, w) uint8."""
    return torch.from_numpy(pictures.changed(path, "grey", lambda pixels: pixels[..., 0].copy()))


def rain_layer(rainy: Tensor, clean: Tensor) -> Tensor:
    """The grey layer that was added, (3, H, W) uint8 twice -> (H, W) uint8.

    It is O - B of the channel that shows most of it, since others may be cut off at white.
    """
    return (rainy.short() - clean.short()).amax(dim=0).clamp(min=0).byte()


def rained(
    photo: Pixels, synthesizer: RainSynthesizer, seed: int, name: str
) -> tuple[Pixels, Pixels]:
    """The middle of a held-out photograph under rain that its name and the seed decide."""
    top, left = (max(0, side - HELD_SIDE) // 2 for side in photo.shape[:2])
    middle = to_tensor(photo[top : top + HELD_SIDE, left : left + HELD_SIDE]).contiguous()
    sample = synthesizer(middle, step_generator(seed, 0, f"validation/{name}", CPU))
    rainy, clean = to_pixels(torch.cat([sample.rainy, sample.clean]))
    return rainy, clean
