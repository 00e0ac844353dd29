"""A camera that rests: frames from longer ago show the same places, and no flow need be sought."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv

Grey = NDArray[np.uint8]

_SHIFT = 0.3  # pixels: so far apart are a tripod's frames found in dense rain (MEASURED)
_RESPONSE = 0.2  # of the correlation's peak: below, the frames show little in common
_ALIKE = 16  # levels: thin rain changes the mean of so many pixels less, what has moved more
_AROUND = 15  # pixels, side of that square


def rests(here: Grey, there: Grey) -> bool:
    """Whether the camera was in the same place for both frames: by phase correlation.

    Streaks are elsewhere in each frame and do not correlate, so rain does not hide it.

    Args:
        here, there: (h, w) uint8, of :func:`derain.restore.temporal.flow.luma`.
    """
    cv2 = opencv()
    a, b = here.astype(np.float32), there.astype(np.float32)
    (x, y), response = cv2.phaseCorrelate(a, b, _window(*here.shape))
    return float(np.hypot(x, y)) <= _SHIFT and response >= _RESPONSE


def unchanged(scene: Grey, frame: Grey) -> NDArray[np.bool_]:
    """Where a frame of a resting camera shows the same things.

    Args:
        scene: (h, w) uint8, what most of the frames around the present one show.
        frame: (h, w) uint8, from longer ago.
    """
    cv2 = opencv()
    apart = cv2.absdiff(scene, frame).astype(np.float32)
    alike: NDArray[np.bool_] = cv2.blur(apart, (_AROUND, _AROUND)) < _ALIKE
    return alike


@lru_cache(maxsize=4)
def _window(height: int, width: int) -> NDArray[np.float32]:
    """Falls to nothing at the borders, since a picture does not go on as it begins."""
    window: NDArray[np.float32] = opencv().createHanningWindow((width, height), opencv().CV_32F)
    return window
