"""How much of what time shows is taken, pixel by pixel: the strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.restore.temporal.fusion import Mask, extremes, median

Frame = NDArray[Any]
Plane = NDArray[np.float32]

_UNSEEN = 0.3  # share of the other frames that show a pixel: below, they say too little of it
_DENSE = 0.3  # share of changed pixels around one: above, other frames were rainy there, too
_NEARBY = 65  # pixels: side of the square around it
_CHANGED = 0.01  # of the full range, in the mean of the colours
_FADE = 4.0  # sigma of the border between both, in pixels


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


class Fused(NamedTuple):
    """What a gate decided.

    Attributes:
        frame: (H, W, 3) float32 in the units of the frame's type, by time alone.
        need: (H, W) float32 in [0, 1], how much of the single-picture network's result is to be
            taken instead.
    """

    frame: Plane
    need: Plane


class Gate(Protocol):
    """Decides between a frame, what time shows in its place, and the single-picture network."""

    def __call__(self, evidence: Evidence) -> Fused:
        """The frame by time, and where that is not enough."""
        ...


@dataclass(frozen=True)
class BrighterGate:
    """Takes the median where the frame is brighter than it in every colour: rain brightens.

    d = G(current - median); a = clip(((mean_rgb(d) + min_rgb(d)) / 2 - floor) / ramp); result =
    current + a (median - current). The minimum spares coloured things that move. The network is
    needed where few frames see a place, and where so much was rain that the others were rainy, too.
    The numbers are set by hand, on no clip that scores are told of.

    Attributes:
        sigma: Of the Gaussian G, in pixels.
        floor: Of the full range: less is noise.
        ramp: Of the full range, from nothing to all.
    """

    sigma: float = 0.7
    floor: float = 0.01
    ramp: float = 0.02

    def __call__(self, evidence: Evidence) -> Fused:
        cv2, current = opencv(), evidence.current.astype(np.float32)
        top = np.float32(np.iinfo(evidence.current.dtype).max)
        change = evidence.median.astype(np.float32) - current
        smooth = cv2.GaussianBlur(-change, (0, 0), self.sigma)
        brighter = (smooth.mean(axis=2) + smooth.min(axis=2)) / 2
        change *= np.clip((brighter / top - self.floor) / self.ramp, 0, 1)[..., None]
        removed = change.mean(axis=2) < -_CHANGED * top
        dense = cv2.blur(removed.astype(np.float32), (_NEARBY, _NEARBY)) > _DENSE
        unseen = ((evidence.seen < _UNSEEN) | dense).astype(np.uint8)
        if not unseen.any():
            return Fused(current + change, unseen.astype(np.float32))
        grown = cv2.dilate(unseen, np.ones((5, 5), np.uint8)).astype(np.float32)
        soft = cv2.GaussianBlur(grown, (0, 0), _FADE, borderType=cv2.BORDER_REPLICATE)
        return Fused(current + change, np.asarray(soft, np.float32))


@dataclass(frozen=True)
class MedianGate:
    """Takes the median everywhere: what a gate is measured against."""

    def __call__(self, evidence: Evidence) -> Fused:
        median = evidence.median.astype(np.float32)
        return Fused(median, np.zeros(median.shape[:2], np.float32))
