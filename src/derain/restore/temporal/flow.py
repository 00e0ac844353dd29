"""Where every pixel of a frame is seen in another one, and where that can be believed.

Dense inverse search (Kroeger et al., ECCV 2016), as OpenCV has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.restore.temporal.warp import enlarged, warp_field

Frame = NDArray[Any]
Flow = NDArray[np.float32]
Mask = NDArray[np.bool_]

LONGEST = 1000
"""Pixels of the longer side of what flow is sought in; larger frames are shrunk by 2, 4, ..."""

_SMALLEST = 32  # pixels: below, the search has no pyramid to start from
_SHARE, _SLACK = 0.01, 0.5  # Sundaram et al., ECCV 2010, equation 5


def shrinkage(height: int, width: int) -> int:
    """How much smaller frames of this size are when flow is sought: 1, 2, 4, ..."""
    factor = 1
    while max(height, width) > factor * LONGEST:
        factor *= 2
    return factor


def luma(frame: Frame) -> NDArray[np.uint8]:
    """What flow is sought in: 8-bit luma, shrunk by :func:`shrinkage` (area means).

    Shape:
        (H, W, 3) uint8 or uint16 -> (ceil(H / f), ceil(W / f)) uint8.
    """
    cv2 = opencv()
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    if grey.dtype == np.uint16:
        grey = cv2.convertScaleAbs(grey, alpha=1 / 257)
    factor = shrinkage(*grey.shape)
    if factor > 1:
        size = (-(-grey.shape[1] // factor), -(-grey.shape[0] // factor))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    short = [max(0, _SMALLEST - side) for side in grey.shape]
    if any(short):
        grey = cv2.copyMakeBorder(grey, 0, short[0], 0, short[1], cv2.BORDER_REPLICATE)
    found: NDArray[np.uint8] = grey
    return found


def flow(here: NDArray[np.uint8], there: NDArray[np.uint8]) -> Flow:
    """Where each pixel of one frame is seen in another, relative to where it is.

    Args:
        here, there: (h, w) uint8, of :func:`luma`.

    Returns:
        (h, w, 2) float32, x then y, in pixels of what was given.
    """
    cv2 = opencv()
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found: Flow = search.calc(here, there, None)
    return found


def motion(here: Frame, there: Frame) -> Flow:
    """:func:`flow` of two frames in their own pixels: (H, W, 3) each -> (H, W, 2) float32."""
    return enlarged(flow(luma(here), luma(there)), *here.shape[:2])


def consistent(forth: Flow, back: Flow) -> Mask:
    """Where the way there and back ends near its start: seen in both frames.

    |f(x) + b(x + f(x))|^2 <= 0.01 (|f|^2 + |b|^2) + 0.5 (Sundaram et al., ECCV 2010), and x + f(x)
    lies in the frame.

    Args:
        forth: (h, w, 2) from here to there.
        back: (h, w, 2) from there to here.
    """
    returned, inside = warp_field(back, forth)
    gap = forth + returned
    limit = (forth * forth).sum(2) + (returned * returned).sum(2)
    mask: Mask = ((gap * gap).sum(2) <= _SHARE * limit + _SLACK) & inside
    return mask
