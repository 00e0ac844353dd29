"""How much of what time shows is taken, pixel by pixel: the strategies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.restore.temporal.opencv import opencv

Frame = NDArray[Any]


@dataclass(frozen=True)
class Evidence:
    """What the frames around one frame say of it, all (H, W, 3) of one type.

    Attributes:
        current: The frame itself.
        near: The median of it and its two neighbours, aligned.
        median: The median of all aligned frames.
        low: A low value of them.
        high: A high one.
        seen: (H, W) float32, the share of the other frames that show the same place.
    """

    current: Frame
    near: Frame
    median: Frame
    low: Frame
    high: Frame
    seen: NDArray[np.float32]


class Gate(Protocol):
    """Decides between a frame and what time shows in its place."""

    def __call__(self, evidence: Evidence) -> NDArray[np.float32]:
        """(H, W, 3) float32 in the units of the frame's type."""
        ...


@dataclass(frozen=True)
class BrighterGate:
    """Takes the median where the frame is brighter than it in every colour: rain brightens.

    d = G(current - median); a = clip(((mean_rgb(d) + min_rgb(d)) / 2 - floor) / ramp); result =
    current + a (median - current). The minimum spares coloured things that move. The numbers are
    set by hand, on no clip that scores are told of.

    Attributes:
        sigma: Of the Gaussian G, in pixels.
        floor: Of the full range: less is noise.
        ramp: Of the full range, from nothing to all.
    """

    sigma: float = 0.7
    floor: float = 0.01
    ramp: float = 0.02

    def __call__(self, evidence: Evidence) -> NDArray[np.float32]:
        current = evidence.current.astype(np.float32)
        change = evidence.median.astype(np.float32) - current
        smooth = opencv().GaussianBlur(-change, (0, 0), self.sigma)
        brighter = (smooth.mean(axis=2) + smooth.min(axis=2)) / 2
        top = np.float32(np.iinfo(evidence.current.dtype).max)
        share = np.clip((brighter / top - self.floor) / self.ramp, 0, 1)
        return np.asarray(current + share[..., None] * change, np.float32)


class MedianGate:
    """Takes the median everywhere: what a gate is measured against."""

    def __call__(self, evidence: Evidence) -> NDArray[np.float32]:
        return evidence.median.astype(np.float32)
