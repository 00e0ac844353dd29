"""Batches as a pure function of seed and step, so that a resumed run sees what it would have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from derain.rain.draw import integer, pick
from derain.rain.synthesizer import RainSynthesizer
from derain.training.config import ViewConfig
from derain.training.dimmed import dimmed
from derain.training.views import quarter, view


def step_generator(seed: int, step: int, stream: str, device: torch.device) -> Generator:
    """A generator whose state depends on the seed, the step and the stream's name alone."""
    digest = hashlib.sha256(f"{seed}/{step}/{stream}".encode()).digest()
    return Generator(device=device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@dataclass(frozen=True)
class PairPool:
    """Pairs, each (rainy, clean) as (3, H, W) uint8 in the machine's own memory."""

    name: str
    weight: float
    pairs: Sequence[tuple[Tensor, Tensor]]
    view: ViewConfig = field(default_factory=ViewConfig)

    def draw(
        self, count: int, patch: int, places: Generator, rain: Generator
    ) -> tuple[Tensor, Tensor]:
        """``count`` aligned patches, shown as the source's view says, mirrored at random.

        They come on the device of ``rain``.
        """
        rainy, clean = [], []
        for _ in range(count):
            pair = self.pairs[integer(0, len(self.pairs) - 1, places)]
            a, b = view(pair, patch, self.view, places)
            if self.view.turned:  # then rain may fall anywhere
                a, b = quarter((a, b), places)
            else:
                flips = [-1 - axis for axis in range(2) if integer(0, 1, places)]
                a, b = a.flip(flips), b.flip(flips)
            rainy.append(a)
            clean.append(b)
        return _on_grid(rainy).to(rain.device), _on_grid(clean).to(rain.device)


@dataclass(frozen=True)
class SynthesisPool:
    """Clean photographs, each (3, H, W) uint8, and the rain to put on them."""

    name: str
    weight: float
    photos: Sequence[Tensor]
    synthesizer: RainSynthesizer
    view: ViewConfig = field(default_factory=ViewConfig)

    def draw(
        self, count: int, patch: int, places: Generator, rain: Generator
    ) -> tuple[Tensor, Tensor]:
        """``count`` patches; the background is turned and mirrored before it rains."""
        patches = []
        for _ in range(count):
            photo = self.photos[integer(0, len(self.photos) - 1, places)]
            shown = view([photo], patch, self.view, places)
            patches += quarter(shown, places)
        sample = self.synthesizer(torch.stack(patches).to(rain.device), rain)
        return sample.rainy, sample.clean


def _on_grid(patches: Sequence[Tensor]) -> Tensor:
    """Patches as 8-bit pictures hold them."""
    return (torch.stack(list(patches)) * 255).round() / 255


Pool = PairPool | SynthesisPool


class BatchSource:
    """Draws the batch of any step.

    Args:
        pools: Where patches come from, by weight.
        batch: Patches in a batch.
        patch: Side of a patch.
        seed: The run's seed.
        rank: Which process of several this is; each sees other patches.
        dimmed: Share of the pictures whose rain is dimmed.

    Raises:
        ConfigError: A pool cannot give patches of that side.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        batch: int,
        patch: int,
        seed: int,
        device: torch.device,
        rank: int = 0,
        dimmed: float = 0.0,
    ) -> None:
        for pool in pools:
            if isinstance(pool, SynthesisPool):
                pool.synthesizer.check_patch(patch)
        self.pools, self.batch, self.patch = pools, batch, patch
        self.seed, self.device, self.rank = seed, device, rank
        self.dimmed = dimmed

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
        truth = torch.cat(clean)
        if not self.dimmed:
            return torch.cat(rainy), truth
        dim = step_generator(self.seed, step, f"dimmed/{self.rank}", self.device)
        return dimmed(torch.cat(rainy), truth, self.dimmed, dim), truth
