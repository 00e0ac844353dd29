"""Flow that does not follow the rain: the camera's own motion, where it explains a frame as well.

Streaks that fall by less than the search reaches are found again in the next frame, and a flow that
follows them is consistent, too. What the camera does is the same everywhere: an affine motion,
fitted to the flow, is taken wherever it leaves about as small an error on frames whose thin bright
lines were taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.restore.temporal.warp import warp_field

Flow = NDArray[np.float32]
Grey = NDArray[np.uint8]

_BRIGHT = 48  # levels that a line stands out by where it draws the search to itself
_DENSE = 0.1  # share of a frame that such lines cover; 0.01 to 0.08 without rain and in most rain
_THIN = 11  # pixels across: brighter things that are narrower are taken away
_AROUND = 21  # pixels: side of the square that errors are averaged over
_WORSE = 1.0  # levels that the error of the camera's motion may be larger by
_EVERY = 8  # pixels between the points of the fit
_SCALES = (4.0, 2.0, 1.0, 0.5, 0.5, 0.5)  # pixels from where on a point counts little, in turn


@dataclass(frozen=True, eq=False)
class Searched:
    """A frame as flow is sought in it: what each of its pairs would compute again.

    Attributes:
        luma: (h, w) uint8.
        plain: (h, w) float32, the same :func:`without_lines`.
        dense: Whether its rain is so dense that flow would follow it.
    """

    luma: Grey
    plain: NDArray[np.float32]
    dense: bool

    @classmethod
    def of(cls, luma: Grey) -> Searched:
        """(h, w) uint8 luma."""
        plain = without_lines(luma)
        return cls(luma, plain, bool((luma - plain > _BRIGHT).mean() >= _DENSE))


def sought_in(here: Searched, there: Searched) -> tuple[Grey, Grey]:
    """What flow is sought in: two frames as they are, or without their lines in dense rain.

    Where lines are so many, they are most of what a search finds, and no fit to it is the camera's.
    Everywhere else what looks like a line is what holds flow to the scene.
    """
    if here.dense or there.dense:
        return here.plain.astype(np.uint8), there.plain.astype(np.uint8)
    return here.luma, there.luma


def steadied(here: Searched, there: Searched, flow: Flow) -> Flow:
    """The flow from one frame to another with the camera's motion where that does as well.

    Args:
        here, there: The frames.
        flow: (h, w, 2) float32.
    """
    camera = camera_motion(flow)
    a, b = here.plain, there.plain
    takes = _error(a, b, camera) <= _error(a, b, flow) + _WORSE
    return np.where(takes[..., None], camera, flow)


def camera_motion(flow: Flow) -> Flow:
    """The affine motion of most of a flow: least squares, reweighted by Geman and McClure."""
    height, width = flow.shape[:2]
    start = _EVERY // 2
    y, x = np.mgrid[start:height:_EVERY, start:width:_EVERY]
    base = np.stack([np.ones(x.size), x.ravel() / width - 0.5, y.ravel() / height - 0.5], axis=1)
    points = flow[start::_EVERY, start::_EVERY].reshape(-1, 2).astype(np.float64)
    fit = np.zeros((3, 2))
    fit[0] = np.median(points, axis=0)
    for scale in _SCALES:
        weight = 1 / (1 + ((points - base @ fit) ** 2).sum(1, keepdims=True) / scale**2) ** 2
        fit = np.linalg.solve(
            base.T @ (base * weight) + 1e-6 * np.eye(3), base.T @ (points * weight)
        )
    across = (np.arange(width) / width - 0.5)[None, :, None]
    down = (np.arange(height) / height - 0.5)[:, None, None]
    return np.asarray(fit[0] + across * fit[1] + down * fit[2], np.float32)


def without_lines(grey: Grey) -> NDArray[np.float32]:
    """Without bright things narrower than eleven pixels: grey opening along rows."""
    cv2: Any = opencv()
    opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, np.ones((1, _THIN), np.uint8))
    return np.asarray(opened, np.float32)


def _error(a: NDArray[np.float32], b: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    drawn, _ = warp_field(b, flow)
    around: NDArray[np.float32] = opencv().blur(np.abs(a - drawn), (_AROUND, _AROUND))
    return around
