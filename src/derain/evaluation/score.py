"""All numbers of one restored picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from derain.evaluation.testset import Kind
from derain.metrics import (
    IDENTICAL,
    extra_metric,
    niqe,
    protocol_named,
    psnr,
    rain_mask,
    ssim,
    streak_removal,
    streaks,
    touched,
)
from derain.metrics.niqe import BLOCK
from derain.metrics.ssim import SIDE

Pixels = NDArray[np.uint8]


class Scorer:
    """Scores restored pictures under some protocols.

    Score names carry the protocol: ``psnr/rgb``, ``input/rgb`` (the rainy picture's own PSNR),
    ``gain/rgb``, ``ssim/rgb``; ``niqe``; ``streaks/inside`` and ``streaks/outside``; ``touched``;
    ``extra/NAME``.

    Args:
        protocols: Names of protocols.
        extra: Names of metrics of torchmetrics.

    Raises:
        UsageError: An unknown protocol or metric.
    """

    def __init__(self, protocols: Sequence[str], extra: Sequence[str] = ()) -> None:
        self._protocols = [protocol_named(name).name for name in protocols]
        self._extra: dict[str, Callable[[Pixels, Pixels], float]] = {
            name: extra_metric(name) for name in extra
        }

    @property
    def identity(self) -> str:
        """Changes when the set of scores does."""
        return " ".join([*self._protocols, *self._extra])

    def score(
        self, kind: Kind, rainy: Pixels, clean: Pixels | None, restored: Pixels
    ) -> dict[str, float]:
        """Scores of one picture; what a small picture cannot have is left out.

        Args:
            kind: Of the set: dry photographs are their own ground truth.
            rainy, clean, restored: (H, W, 3) uint8; ``clean`` None without ground truth.
        """
        truth = rainy if kind == "rain-free" else clean
        scores: dict[str, float] = {}
        if truth is not None:
            for protocol in self._protocols:
                value = min(IDENTICAL, psnr(restored, truth, protocol))
                scores[f"psnr/{protocol}"] = value
                if kind == "pairs":
                    before = min(IDENTICAL, psnr(rainy, truth, protocol))
                    scores[f"input/{protocol}"] = before
                    scores[f"gain/{protocol}"] = value - before
                if min(truth.shape[:2]) >= SIDE:
                    scores[f"ssim/{protocol}"] = ssim(restored, truth, protocol)
            for name, measure in self._extra.items():
                scores[f"extra/{name}"] = measure(restored, truth)
        if kind == "pairs" and truth is not None and min(rainy.shape[:2]) >= streaks.SIDE:
            removal = streak_removal(rainy, restored, rain_mask(rainy, truth))
            if removal:
                scores["streaks/inside"], scores["streaks/outside"] = removal
        if kind != "pairs":
            scores["touched"] = touched(rainy, restored)
        if kind != "rain-free" and (rainy.shape[0] // BLOCK) * (rainy.shape[1] // BLOCK) >= 2:
            scores["niqe"] = niqe(restored)
        return scores
