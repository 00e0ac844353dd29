"""Dual sample-augmented contrastive regularisation (DSCRNet) on real photographs.

PAPER: "a novel dual sample-augmented contrastive regularization network" builds "efficient
contrastive constraints for both rain streaks and clean backgrounds" (abstract). Only these words
are known; every form below is OURS.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

from derain.nn.drdnet import Layers
from derain.training.config import RealConfig
from derain.training.contrast.bank import Bank
from derain.training.contrast.embedding import Embedder
from derain.training.contrast.losses import supervised_contrast
from derain.training.contrast.patches import (
    FAINT,
    augment,
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
        scale: Whether patches are divided by their deviation (the rain branch).
    """

    def __init__(self, embedder: Embedder, config: RealConfig, scale: bool) -> None:
        super().__init__()
        self.embedder, self.scale, self.temperature = embedder, scale, config.temperature
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
            fresh = self.embedder.embed(standardise(positives, self.scale))
            far = self.embedder.embed(standardise(negatives, self.scale))
            near = torch.cat([fresh, self.bank.read()])
        vectors = self.embedder.embed(standardise(anchors, self.scale))
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
            self.bank.push(self.embedder.embed(standardise(patches, self.scale)))

    def learn(self, alike: Tensor, unlike: Tensor) -> Tensor | None:
        """The embedder's own loss on known samples."""
        kinds = standardise(alike, self.scale), standardise(unlike, self.scale)
        return self.embedder.learn(*kinds, self.temperature)


class DualContrast(nn.Module):
    """The two contrasts on the layers predicted for real photographs.

    Rain: an anchor is a patch of the predicted rain layer R that holds rain; positives are patches
    of synthetic rain layers, augmented, and (through the bank) of R on earlier photographs;
    negatives are patches of clean photographs. So R may hold streaks and no background.

    Background: an anchor is a patch of the predicted clean picture B; positives are patches of
    unpaired clean photographs; negatives are patches of the rainy photograph itself, and harder
    ones, clean photographs under rain, B + lambda R, with R both synthetic and just predicted.

    Args:
        rain, background: Embedders, one for each branch.
        config: Patches, banks, temperature, lambda.
    """

    def __init__(self, rain: Embedder, background: Embedder, config: RealConfig) -> None:
        super().__init__()
        self.config = config
        self.rain = Branch(rain, config, scale=True)
        self.background = Branch(background, config, scale=False)
        weights = [*rain.trainable(), *background.trainable()]
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
        config, zero = self.config, layers.clean.sum() * 0
        if not len(rainy):
            return {"rain": zero, "background": zero}, {}
        net = layers.rain - layers.detail  # what is taken away in all
        drawn = {
            "rain": sample_patches(net, config.patches, config.side, generator),
            "known_rain": _visible(self._draw(known.rain, generator)),
            "clean": self._draw(known.clean, generator),
            "photo": self._draw(rainy, generator),
        }
        anchors = _visible(drawn["rain"])
        positives, hard = drawn["known_rain"], drawn["photo"]
        if config.augmented:
            positives = augment(positives, generator)
            rains = torch.cat([drawn["known_rain"], anchors.detach().clamp(min=0)])
            hard = torch.cat([hard, mix_rain(drawn["clean"], rains, config.mix, generator)])
        # First: a step of the embedders would spoil the anchors' graph, which ends in them.
        self._learn(positives, drawn["clean"], hard)
        terms = {"rain": zero, "background": zero}
        seen: dict[str, Tensor] = {}
        if len(anchors):
            loss, told = self.rain(anchors, positives, drawn["clean"])
            terms["rain"] = loss.mean()
            seen |= {f"rain/{name}": value for name, value in told.items()}
        backgrounds = sample_patches(layers.clean, config.patches, config.side, generator)
        loss, told = self.background(backgrounds, drawn["clean"], hard)
        terms["background"] = loss.mean()
        seen |= {f"background/{name}": value for name, value in told.items()}
        self.rain.remember(torch.cat([drawn["known_rain"], anchors.detach()]))
        self.background.remember(drawn["clean"])
        return terms, seen

    def _draw(self, images: Tensor, generator: Generator) -> Tensor:
        config = self.config
        return sample_patches(images.detach(), config.patches, config.side, generator)

    def _learn(self, rain: Tensor, clean: Tensor, rainy: Tensor) -> None:
        """One step of the embedders on samples whose kind is known."""
        if self._adam is None:
            return
        losses = [self.rain.learn(rain, clean), self.background.learn(clean, rainy)]
        known = [loss for loss in losses if loss is not None]
        if not known:
            return
        total = torch.stack(known).sum()
        if not bool(total.isfinite()):
            return
        self._adam.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        for branch in (self.rain, self.background):
            branch.embedder.follow(self.config.momentum)

    def save(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        adam = self._adam.state_dict() if self._adam else {}
        return {"module": self.state_dict(), "adam": adam}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`save`."""
        self.load_state_dict(state["module"])
        if self._adam:
            self._adam.load_state_dict(state["adam"])


def _visible(patches: Tensor) -> Tensor:
    """Those that hold rain at all."""
    if not len(patches):
        return patches
    return patches[patches.detach().std(dim=(1, 2, 3)) > FAINT]
