"""How much of what time shows is taken, pixel by pixel: the strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.restore.temporal.fusion import Mask, extremes, median

Frame = NDArray[Any]


@dataclass(frozen=True)
class Evidence:
    """What the frames around one frame say of it; ranks over them are computed when asked for.

    Attributes:
        aligned: (H, W, 3) each, of one type: the frame itself, then the others, drawn to where it
            has things, the nearest first.
        masks: (H, W) of each of the others: where it shows the same place.
        neighbours: How many of the others are next to the frame in time.
    """

    aligned: Sequence[Frame]
    masks: Sequence[Mask]
    neighbours: int

    @property
    def current(self) -> Frame:
        """The frame itself."""
        return self.aligned[0]

    @cached_property
    def near(self) -> Frame:
        """The median of it and its neighbours."""
        return median(self.aligned[: self.neighbours + 1], self.masks[: self.neighbours])

    @cached_property
    def median(self) -> Frame:
        """The median of all aligned frames."""
        return median(self.aligned, self.masks)

    @cached_property
    def extremes(self) -> tuple[Frame, Frame]:
        """A low and a high value of them."""
        return extremes(self.aligned, self.masks)

    @cached_property
    def seen(self) -> NDArray[np.float32]:
        """(H, W), the share of the other frames that show the same place."""
        seen = np.zeros(self.current.shape[:2], np.float32)
        for mask in self.masks:
            seen += mask
        return seen / np.float32(max(1, len(self.masks)))


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
