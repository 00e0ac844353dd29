"""Where one shot ends and another begins: nothing is fused across."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv

_ALIKE = 0.6  # correlation of thumbnails: below, it may be another shot
_FOLLOWED = 0.5  # share of the frame whose flow is believed: above, it is the same one
_ACROSS = 32  # pixels of a thumbnail's longer side


def is_cut(here: NDArray[np.uint8], there: NDArray[np.uint8], followed: NDArray[np.bool_]) -> bool:
    """Whether two successive frames belong to two shots.

    Neither rain nor a fast camera makes a cut: the first leaves a thumbnail as it is, the second
    has a flow that can be followed.

    Args:
        here, there: (h, w) uint8 luma of both.
        followed: (h, w) where the flow between them is consistent.
    """
    if followed.mean() > _FOLLOWED:
        return False
    a, b = (_thumbnail(x) for x in (here, there))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    # Two plain frames have nothing to compare; black into grey is no harm either.
    return scale > 0 and float((a * b).sum()) / scale < _ALIKE


def _thumbnail(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Area means less their mean."""
    scale = _ACROSS / max(grey.shape)
    size = tuple(max(1, round(side * scale)) for side in grey.shape[::-1])
    cv2 = opencv()
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small - small.mean())
