"""The single-picture network, where time is not enough: at cuts, behind people, in dense rain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv

Frame = NDArray[Any]

CELL = 64
"""Pixels: squares of this side are derained or not; a multiple of the networks' own."""

_UNSEEN = 0.3  # share of the other frames that show a pixel: below, they say too little of it
_DENSE = 0.3  # share of changed pixels around one: above, other frames were rainy there, too
_NEARBY = 65  # pixels: side of the square around it
_CHANGED = 0.01  # of the full range, in the mean of the colours
_CROWDED = 0.1  # of a cell: fewer unseen pixels are not worth a run of the network
_AROUND = 64  # pixels of context around the cells
_FADE = 4.0  # sigma of the border between both, in pixels


class Still:
    """Puts a network's result where a frame's neighbours do not show what is there.

    That is where few of them see it, and where so much was rain that they were rainy, too.

    Args:
        derain: (h, w, 3) uint8 or uint16 -> the same, such as a :class:`derain.Derainer`.
    """

    def __init__(self, derain: Callable[[Frame], Frame]) -> None:
        self._derain = derain

    def __call__(
        self, frame: Frame, restored: NDArray[np.float32], seen: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The restored frame with the network's pixels where time is not enough.

        Args:
            frame: (H, W, 3) as it was, whose type the network is given.
            restored: (H, W, 3) float32, by time.
            seen: (H, W) float32, the share of the other frames that show a pixel.
        """
        result, top_value = restored, np.iinfo(frame.dtype).max
        removed = (frame - restored).mean(axis=2) > _CHANGED * top_value
        dense = opencv().blur(removed.astype(np.float32), (_NEARBY, _NEARBY)) > _DENSE
        unseen = ((seen < _UNSEEN) | dense).astype(np.float32)
        for top, bottom, left, right in boxes(unseen):
            if result is restored:
                result = restored.copy()
            height, width = unseen.shape
            y = max(0, top - _AROUND), min(height, bottom + _AROUND)
            x = max(0, left - _AROUND), min(width, right + _AROUND)
            # What time has taken away already, the network need not find.
            crop = np.clip(np.rint(restored[y[0] : y[1], x[0] : x[1]]), 0, top_value)
            derained = self._derain(crop.astype(frame.dtype)).astype(np.float32)
            inner = slice(top - y[0], bottom - y[0]), slice(left - x[0], right - x[0])
            weight = _faded(unseen, top, bottom, left, right)[..., None]
            part = result[top:bottom, left:right]
            part += weight * (derained[inner] - part)
        return result


def boxes(unseen: NDArray[np.float32]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (top, bottom, left, right) around neighbouring cells with many unseen pixels."""
    cv2 = opencv()
    height, width = unseen.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    padded = np.zeros((rows * CELL, columns * CELL), np.float32)
    padded[:height, :width] = unseen
    crowded = padded.reshape(rows, CELL, columns, CELL).mean(axis=(1, 3)) > _CROWDED
    count, _, stats, _ = cv2.connectedComponentsWithStats(crowded.astype(np.uint8), connectivity=8)
    for left, top, across, down, _ in stats[1:count]:
        bottom, right = min(height, (top + down) * CELL), min(width, (left + across) * CELL)
        yield int(top * CELL), int(bottom), int(left * CELL), int(right)


def _faded(
    unseen: NDArray[np.float32], top: int, bottom: int, left: int, right: int
) -> NDArray[np.float32]:
    """The unseen pixels of a box, grown a little and with soft borders; none beyond the box.

    On the frame's own border there is nothing to fade into.
    """
    cv2 = opencv()
    height, width = unseen.shape
    grown = cv2.dilate(unseen[top:bottom, left:right], np.ones((5, 5), np.uint8))
    soft: NDArray[np.float32] = cv2.GaussianBlur(
        grown, (0, 0), _FADE, borderType=cv2.BORDER_REPLICATE
    )
    for inside, view in (
        (top > 0, soft),
        (bottom < height, soft[::-1]),
        (left > 0, soft.T),
        (right < width, soft.T[::-1]),
    ):
        if inside:
            ramp = np.linspace(0, 1, 9, dtype=np.float32)[:-1][: view.shape[0]]
            view[: len(ramp)] *= ramp[:, None]
    return soft
