"""Dual sample-augmented contrastive regularisation (DSCRNet) on real photographs.

PAPER: "a novel dual sample-augmented contrastive regularization network" builds "efficient
contrastive constraints for both rain streaks and clean backgrounds" (abstract). Only these words
are known; every form below is OURS.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

from derain.nn import Layers
from derain.training.config import RealConfig
from derain.training.contrast.bank import Bank
from derain.training.contrast.embedding import Embedder
from derain.training.contrast.losses import supervised_contrast
from derain.training.contrast.patches import (
    FAINT,
    VISIBLE,
    augment,
    deviation,
    mix_rain,
    sample_patches,
    standardise,
)


class Known(NamedTuple):
    """Synthetic samples whose layers are known, each (N, 3, H, W) in [0, 1].

    Attributes:
        clean: Clean photographs; they show other scenes than the real ones.
        rain: Rain layers O - B of pairs.
    """

    clean: Tensor
    rain: Tensor

    @classmethod
    def of_pairs(cls, rainy: Tensor, clean: Tensor) -> Known:
        """The layers of a synthetic batch; rain only brightens."""
        return cls(clean, (rainy - clean).clamp(min=0))


class Samples(NamedTuple):
    """Patches of known kind, (., 3, S, S).

    Attributes:
        rain: Of rain layers; the first ``plain`` as they are, the others augmented.
        plain: How many are not augmented.
        clean: Of clean photographs.
        hard: Of clean photographs under rain that can be seen.
    """

    rain: Tensor
    plain: int
    clean: Tensor
    hard: Tensor


class Compared(NamedTuple):
    """What one contrast looked at last: patches (., 3, S, S), and how alike the anchors are.

    Attributes:
        anchors, positives, negatives: Patches as they were drawn, without the bank's.
        near, far: Cosine of each anchor to each positive and negative, (A, P) and (A, N).
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor
    near: Tensor
    far: Tensor


class Branch(nn.Module):
    """One of the two contrasts: an embedder and its bank of positives.

    Args:
        embedder: Patches to vectors.
        config: Temperature, sizes.
        fine: Whether only the patches' fine structure counts (the background branch).
    """

    def __init__(self, embedder: Embedder, config: RealConfig, fine: bool) -> None:
        super().__init__()
        self.embedder, self.fine, self.temperature = embedder, fine, config.temperature
        self.bank = Bank(config.bank, embedder.dimensions)
        self.last: Compared | None = None

    def forward(
        self, anchors: Tensor, positives: Tensor, negatives: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Contrast of anchors' patches against positives (and the bank) and negatives.

        Only anchors get a gradient. Returns the loss of each anchor, (A,), and what is logged:
        the mean similarity of anchors to positives and to negatives.
        """
        with torch.no_grad():
            fresh = self.embedder.embed(standardise(positives, self.fine))
            far = self.embedder.embed(standardise(negatives, self.fine))
            near = torch.cat([fresh, self.bank.read()])
        vectors = self.embedder.embed(standardise(anchors, self.fine))
        loss = supervised_contrast(vectors, near, far, self.temperature)
        with torch.no_grad():
            self.last = Compared(
                anchors.detach(), positives, negatives, vectors @ fresh.T, vectors @ far.T
            )
            seen = {
                "near": (vectors @ near.T).mean() if near.numel() else loss.new_zeros(()),
                "far": (vectors @ far.T).mean() if far.numel() else loss.new_zeros(()),
            }
        return loss, seen

    @torch.no_grad()
    def remember(self, patches: Tensor) -> None:
        """Put patches of the positive kind into the bank."""
        if len(patches):
            self.bank.push(self.embedder.embed(standardise(patches, self.fine)))

    def learn(self, alike: Tensor, unlike: Tensor) -> Tensor | None:
        """The embedder's own loss on known samples."""
        kinds = standardise(alike, self.fine), standardise(unlike, self.fine)
        return self.embedder.learn(*kinds, self.temperature)


class DualContrast(nn.Module):
    """The two contrasts on the layers predicted for real photographs.

    Rain: an anchor is a patch of the predicted rain layer R that holds rain; positives are patches
    of synthetic rain layers, augmented, and (through the bank) of R on earlier photographs;
    negatives are patches of clean photographs. So R may hold streaks and no background.

    Background: an anchor is a patch of the predicted clean picture B where rain was taken away;
    positives are patches of unpaired clean photographs; negatives are patches of the rainy
    photograph itself, where the rain that was taken could be seen, and harder ones, clean
    photographs under rain, B + lambda R, with R both synthetic and just predicted.

    Args:
        rain, background: Embedders, one for each branch.
        config: Patches, banks, temperature, lambda.
    """

    def __init__(self, rain: Embedder, background: Embedder, config: RealConfig) -> None:
        super().__init__()
        self.config = config
        self.rain = Branch(rain, config, fine=False)
        self.background = Branch(background, config, fine=True)
        self.learned: Tensor
        self.register_buffer("learned", torch.zeros((), dtype=torch.long))
        weights = [*rain.trainable(), *background.trainable()]
        self.learns = bool(weights)
        self._adam = torch.optim.Adam(weights, config.embedding_rate) if weights else None

    def forward(
        self, layers: Layers, rainy: Tensor, known: Known, generator: Generator
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The two terms on one batch of real photographs.

        Args:
            layers: Predicted for ``rainy``.
            rainy: Real photographs, (N, 3, H, W) in [0, 1]; N may be 0.
            known: Synthetic samples.
            generator: Places, augmentation and lambda; on the CPU.

        Returns:
            ``rain`` and ``background``, scalars to be minimised, zero where there is nothing to
            contrast; and what is logged.
        """
        zero = layers.clean.sum() * 0
        terms = {"rain": zero, "background": zero}
        seen: dict[str, Tensor] = {}
        if not len(rainy):
            return terms, seen
        net = layers.rain - layers.detail  # what is taken away in all
        # One place for all three, so that a patch is known by the rain on it.
        stacked = torch.cat([net, layers.clean, rainy.detach()], dim=1)
        taken, restored, photo = self._draw(stacked, generator).chunk(3, dim=1)
        rainfall = deviation(taken)
        anchors, restored = taken[rainfall > FAINT], restored[rainfall > FAINT]
        hard = photo[rainfall > VISIBLE].detach()
        samples = self._samples(known, anchors.detach().clamp(min=0), generator)
        hard = torch.cat([hard, samples.hard])
        # First: a step of the embedders would spoil the anchors' graph, which ends in them.
        seen |= self._learn(samples.rain, samples.clean, hard)
        for name, branch, own, near, far in (
            ("rain", self.rain, anchors, samples.rain, samples.clean),
            ("background", self.background, restored, samples.clean, hard),
        ):
            if len(own) and len(far):
                loss, told = branch(own, near, far)
                terms[name] = loss.mean()
                seen |= {f"{name}/{key}": value for key, value in told.items()}
        self.rain.remember(torch.cat([samples.rain[: samples.plain], anchors.detach()]))
        self.background.remember(samples.clean)
        return terms, seen

    def prepare(self, known: Known, generator: Generator) -> None:
        """One step of the embedders alone, before the derainer is held to them."""
        none = known.rain[:0, :, : self.config.side, : self.config.side]
        samples = self._samples(known, none, generator)
        self._learn(samples.rain, samples.clean, samples.hard)

    def _samples(self, known: Known, taken: Tensor, generator: Generator) -> Samples:
        """Patches of known kind; if asked, augmented, and mixed with rain and with ``taken``."""
        both = self._draw(torch.cat([known.rain, known.clean], dim=1).detach(), generator)
        rain, clean = both.chunk(2, dim=1)
        rainfall = deviation(rain)
        hard = (clean + rain).clamp(0, 1)[rainfall > VISIBLE]
        rain = rain[rainfall > FAINT]
        if not self.config.augmented:
            return Samples(rain, len(rain), clean, hard)
        mixed = mix_rain(clean, torch.cat([rain, taken]), self.config.mix, generator)
        return Samples(augment(rain, generator), len(rain), clean, torch.cat([hard, mixed]))

    def _draw(self, images: Tensor, generator: Generator) -> Tensor:
        return sample_patches(images, self.config.patches, self.config.side, generator)

    def _learn(self, rain: Tensor, clean: Tensor, rainy: Tensor) -> dict[str, Tensor]:
        """One step of the embedders on samples whose kind is known; gives their losses."""
        losses = {
            "rain": self.rain.learn(rain, clean),
            "background": self.background.learn(clean, rainy),
        }
        known = {f"{name}/own": loss for name, loss in losses.items() if loss is not None}
        if self._adam is None or not known:
            return {}
        total = torch.stack(list(known.values())).sum()
        if not bool(total.isfinite()):
            return {}
        self._adam.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self.learned += 1
        # A slow copy of what was just drawn at random would judge by chance.
        momentum = min(self.config.momentum, (1 + int(self.learned)) / (10 + int(self.learned)))
        for branch in (self.rain, self.background):
            branch.embedder.follow(momentum)
        return {name: loss.detach() for name, loss in known.items()}

    def save(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        adam = self._adam.state_dict() if self._adam else {}
        return {"module": self.state_dict(), "adam": adam}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`save`."""
        self.load_state_dict(state["module"])
        if self._adam:
            self._adam.load_state_dict(state["adam"])
