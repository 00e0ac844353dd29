"""What an objective is: one reason to change the weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from derain.nn import Layers, Network
from derain.training.batches import BatchSource

Terms = dict[str, Tensor]


class Batch(NamedTuple):
    """The synthetic batch of a step, each (N, 3, H, W) in [0, 1].

    Attributes:
        step: Which step.
        rainy, truth: O and B_gt.
        coarse: Another derainer's pictures, where the run stands behind one.
    """

    step: int
    rainy: Tensor
    truth: Tensor
    coarse: Tensor | None = None


class Objective:
    """One part of a run's loss.

    In a step every objective may ask for pictures of its own (:meth:`draw`); the network sees them
    all at once, behind the synthetic batch, and each gets the layers of both (:meth:`loss`).
    """

    def prepare(self, source: BatchSource) -> None:
        """What is to be done before the first step of the run."""

    def draw(self, batch: Batch, averaged: Network) -> Tensor:
        """Pictures the network is to see beside the batch, (K, 3, H, W); by default none.

        Args:
            batch: The step's.
            averaged: The run's averaged weights, in eval mode.
        """
        return batch.rainy[:0]

    def loss(self, batch: Batch, layers: Layers, own: Layers) -> tuple[Tensor, Terms]:
        """The weighted loss, and what is logged.

        Args:
            batch: The step's.
            layers: Of ``batch.rainy``.
            own: Of what :meth:`draw` gave.
        """
        raise NotImplementedError

    def counts(self) -> dict[str, int]:
        """Pictures it learns from beside the batches, by name."""
        return {}

    def sheets(self) -> dict[str, NDArray[np.uint8]]:
        """Pictures of what it did last, for the log."""
        return {}

    def save(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`save`."""
