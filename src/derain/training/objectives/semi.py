"""Real photographs without truth: their pseudo pairs, and both contrasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from derain.nn import Layers, Network, load_network, pad_to_multiple
from derain.rain.draw import integer
from derain.training.batches import BatchSource, step_generator
from derain.training.config import RealConfig, TrainConfig
from derain.training.contrast import (
    DualContrast,
    Embedder,
    Known,
    MomentumEncoder,
    VggEmbedder,
    neighbours,
)
from derain.training.objectives.base import Batch, Objective, Terms
from derain.training.patches import crop
from derain.training.photos import load_photos
from derain.training.weights import weight_file


class Extra(NamedTuple):
    """What a step sees beside the synthetic batch, each (N, 3, H, W) in [0, 1].

    Attributes:
        photos: Patches of real photographs.
        remixed: Clean pictures under rain taken from the photographs by the teacher.
        backgrounds: The clean pictures under it.
        pseudo: The teacher's clean pictures of the photographs.
    """

    photos: Tensor
    remixed: Tensor
    backgrounds: Tensor
    pseudo: Tensor

    def inputs(self) -> Tensor:
        """What the network is to be run on."""
        return torch.cat([self.photos, self.remixed])


class SemiSupervision(Objective):
    """Draws real photographs and computes their terms.

    Terms: ``rain`` and ``background``, the dual contrast (PAPER in kind, OURS in form); ``remix``,
    L1(f(B + R_t), B) with rain R_t the teacher took from real photographs (MOSS; the paper's sample
    augmentation by mixing); ``pseudo``, L1(f(O), B_t) on the photographs, B_t the teacher's (MOSS).
    The teacher is the run's EMA, without gradient, with the networks that help it. All weights rise
    linearly over ``ramp`` steps from step ``start``.

    Args:
        config: The run; its ``real`` section must be there.
        device: Where the run computes.

    Raises:
        DatasetError: No photographs, or one that is damaged or smaller than a patch.
        ConfigError: The embedding's weight file does not fit, or a helper's is missing.
    """

    def __init__(self, config: TrainConfig, device: torch.device, rank: int = 0) -> None:
        assert config.real is not None
        self.config: RealConfig = config.real
        self._run, self._rank = config, rank
        self._extra: Extra | None = None
        self.photos = load_photos(config, device)
        with torch.random.fork_rng(devices=[]):  # the network's own weights do not depend on it
            torch.manual_seed(config.seed)
            embedders = self._embedder(), self._embedder()
        self.contrast = DualContrast(*embedders, self.config).to(device)

        self._helpers = [
            load_network(weight_file(name, "real.helpers")).to(device).eval()
            for name in self.config.helpers
        ]

    def _embedder(self) -> Embedder:
        if self.config.embedding == "vgg":
            return VggEmbedder(Path(self.config.weights))
        return MomentumEncoder()

    def strength(self, step: int) -> float:
        """Share of the full weights at a step."""
        return min(1.0, max(0.0, (step - self.config.start) / max(1, self.config.ramp)))

    def prepare(self, source: BatchSource) -> None:
        # The embedders learn alone, on batches that the run itself will not draw.
        if not self.contrast.learns:
            return
        for step in range(-self.config.prepare, 0):
            rainy, clean = source(step)
            known = Known.of_pairs(rainy, clean)
            self.contrast.prepare(known, self._generator(step, "prepare"))

    def draw(self, batch: Batch, averaged: Network) -> Tensor:
        if batch.step < self.config.start:
            self._extra = None
            return batch.rainy[:0]
        self._extra = self.extra(batch.step, batch.truth, averaged)
        return self._extra.inputs()

    @torch.no_grad()
    def extra(self, step: int, clean: Tensor, teacher: Network) -> Extra:
        """The photographs of a step, and what the teacher makes of them.

        Args:
            step: Fixes the draw.
            clean: Clean pictures of the batch, to rain on.
            teacher: In eval mode.
        """
        config = self.config
        places = self._generator(step, "real")
        patch, patches = self._run.patch, []
        for _ in range(config.batch):
            photo = self.photos[integer(0, len(self.photos) - 1, places)]
            cut = crop([photo], patch, places)[0]
            patches.append(cut.flip(-1) if integer(0, 1, places) else cut)
        photos = torch.stack(patches).float() / 255
        if not (config.remix or config.pseudo):  # nobody asks the teacher
            return Extra(photos, photos[:0], photos[:0], photos[:0])
        guesses = [_predict(network, photos).clean for network in (teacher, *self._helpers)]
        pseudo = torch.stack(guesses).amin(dim=0).clamp(0, 1)
        taken = (photos - pseudo).clamp(min=0)
        count = min(config.batch, len(clean)) if config.remix else 0
        backgrounds = clean[:count]
        remixed = (backgrounds + taken[:count].flip(-1)).clamp(0, 1)
        return Extra(photos, remixed, backgrounds, pseudo)

    def loss(self, batch: Batch, layers: Layers, own: Layers) -> tuple[Tensor, Terms]:
        config, extra, step = self.config, self._extra, batch.step
        if extra is None:
            return layers.clean.new_zeros(()), {}
        count = len(extra.photos)
        real = Layers(*(layer[:count] for layer in own))
        known = Known.of_pairs(batch.rainy, batch.truth)
        terms, seen = self.contrast(real, extra.photos, known, self._generator(step, "contrast"))
        if config.remix:
            terms["remix"] = (own.clean[count:] - extra.backgrounds).abs().mean()
        if config.pseudo:
            terms["pseudo"] = (real.clean - extra.pseudo).abs().mean()
        seen |= self._slopes(step, terms, real)
        weighted = [getattr(config, name) * value for name, value in terms.items()]
        values = {f"real/{name}": value.detach() for name, value in {**terms, **seen}.items()}
        return self.strength(step) * torch.stack(weighted).sum(), values

    def counts(self) -> dict[str, int]:
        return {"real": len(self.photos)}

    def sheets(self) -> dict[str, NDArray[np.uint8]]:
        # Each contrast's last anchors and their nearest samples.
        branches = {"rain": self.contrast.rain, "background": self.contrast.background}
        return {
            f"nearest-{name}": neighbours(branch.last, signed=not branch.fine)
            for name, branch in branches.items()
            if branch.last and len(branch.last.anchors)
        }

    def _slopes(self, step: int, terms: dict[str, Tensor], real: Layers) -> dict[str, Tensor]:
        """Norms of the contrasts' gradients at the predicted layers, at steps that are logged."""
        if (step + 1) % self._run.log_every or not terms["background"].requires_grad:
            return {}
        norms = {}
        for name, layer in (("rain", real.rain), ("background", real.clean)):
            if not layer.requires_grad:  # of a frozen branch
                continue
            (slope,) = torch.autograd.grad(terms[name], layer, retain_graph=True, allow_unused=True)
            norms[f"gradient/{name}"] = layer.new_zeros(()) if slope is None else slope.norm()
        return norms

    def _generator(self, step: int, stream: str) -> Generator:
        return step_generator(self._run.seed, step, f"{stream}/{self._rank}", torch.device("cpu"))

    def save(self) -> dict[str, Any]:
        return self.contrast.save()

    def load(self, state: dict[str, Any]) -> None:
        self.contrast.load(state)


def _predict(network: Network, images: Tensor) -> Layers:
    """The layers of patches, by a network in eval mode, whatever their size."""
    height, width = images.shape[-2:]
    layers = network(pad_to_multiple(images, network.config.size_multiple))
    return Layers(*(layer[..., :height, :width] for layer in layers))
