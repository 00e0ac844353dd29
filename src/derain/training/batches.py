"""Batches as a pure function of seed and step, so that a resumed run sees what it would have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from derain.nn.padding import pad_to_multiple
from derain.rain.draw import integer, pick
from derain.rain.synthesizer import RainSynthesizer


def step_generator(seed: int, step: int, stream: str, device: torch.device) -> Generator:
    """A generator whose state depends on the seed, the step and the stream's name alone."""
    digest = hashlib.sha256(f"{seed}/{step}/{stream}".encode()).digest()
    return Generator(device=device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@dataclass(frozen=True)
class PairPool:
    """Pairs in memory, each (rainy, clean) as (3, H, W) uint8 on the training device."""

    name: str
    weight: float
    pairs: Sequence[tuple[Tensor, Tensor]]

    def draw(
        self, count: int, patch: int, places: Generator, _: Generator
    ) -> tuple[Tensor, Tensor]:
        """``count`` aligned patches, flipped at random (rain falls down: no quarter turns)."""
        rainy, clean = [], []
        for _i in range(count):
            pair = self.pairs[integer(0, len(self.pairs) - 1, places)]
            a, b = crop(pair, patch, places)
            flips = [-1 - axis for axis in range(2) if integer(0, 1, places)]
            rainy.append(a.flip(flips))
            clean.append(b.flip(flips))
        return _to_float(rainy), _to_float(clean)


@dataclass(frozen=True)
class SynthesisPool:
    """Clean photographs in memory, each (3, H, W) uint8, and the rain to put on them."""

    name: str
    weight: float
    photos: Sequence[Tensor]
    synthesizer: RainSynthesizer

    def draw(
        self, count: int, patch: int, places: Generator, rain: Generator
    ) -> tuple[Tensor, Tensor]:
        """``count`` patches; the background is turned and flipped before it rains."""
        patches = []
        for _ in range(count):
            photo = self.photos[integer(0, len(self.photos) - 1, places)]
            turned = crop([photo], patch, places)[0].rot90(integer(0, 3, places), (-2, -1))
            patches.append(turned.flip(-1) if integer(0, 1, places) else turned)
        sample = self.synthesizer(_to_float(patches), rain)
        return sample.rainy, sample.clean


Pool = PairPool | SynthesisPool


def crop(images: Sequence[Tensor], patch: int, generator: Generator) -> list[Tensor]:
    """The same random patch of pictures of one size, each (3, H, W); small ones are padded."""
    height, width = images[0].shape[-2:]
    rows, columns = max(height, patch), max(width, patch)
    if rows > height or columns > width:
        images = [pad_to_multiple(image[None], patch)[0, :, :rows, :columns] for image in images]
    top, left = integer(0, rows - patch, generator), integer(0, columns - patch, generator)
    return [image[:, top : top + patch, left : left + patch] for image in images]


def _to_float(patches: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(patches)).float() / 255


class BatchSource:
    """Draws the batch of any step.

    Args:
        pools: Where patches come from, by weight.
        batch: Patches in a batch.
        patch: Side of a patch.
        seed: The run's seed.
        rank: Which process of several this is; each sees other patches.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        batch: int,
        patch: int,
        seed: int,
        device: torch.device,
        rank: int = 0,
    ) -> None:
        self.pools, self.batch, self.patch = pools, batch, patch
        self.seed, self.device, self.rank = seed, device, rank

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """(rainy, clean) of one step, each (batch, 3, patch, patch) in [0, 1]."""
        places = step_generator(self.seed, step, f"places/{self.rank}", torch.device("cpu"))
        rain = step_generator(self.seed, step, f"rain/{self.rank}", self.device)
        drawn = pick([pool.weight for pool in self.pools], self.batch, places)
        rainy, clean = [], []
        for index, pool in enumerate(self.pools):
            if count := drawn.count(index):
                a, b = pool.draw(count, self.patch, places, rain)
                rainy.append(a)
                clean.append(b)
        return torch.cat(rainy), torch.cat(clean)
