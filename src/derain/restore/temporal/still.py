"""The single-picture network, where time is not enough: at cuts, behind people, in dense rain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.opencv import opencv
from derain.restore.temporal.gate import Fused

Frame = NDArray[Any]

CELL = 64
"""Pixels: squares of this side are derained or not; networks pad them to multiples of their own."""

_WORTH = 0.03  # mean need of a cell: less is not worth a run of the network
_AROUND = 64  # pixels of context around the cells
_RAMP = 8  # pixels: over these its part fades in from the sides of a box


class Still:
    """Puts a network's result where a gate says that time is not enough.

    Args:
        derain: (h, w, 3) uint8 or uint16 -> the same, such as a :class:`derain.Derainer`.
    """

    def __init__(self, derain: Callable[[Frame], Frame]) -> None:
        self._derain = derain

    def __call__(self, frame: Frame, fused: Fused) -> NDArray[np.float32]:
        """The frame by time, with the network's pixels where they are needed.

        Args:
            frame: (H, W, 3) as it was, which the network is given.
            fused: What the gate made of it.
        """
        result, need = fused.frame, fused.need
        for top, bottom, left, right in boxes(need):
            if result is fused.frame:
                result = result.copy()
            height, width = need.shape
            y = max(0, top - _AROUND), min(height, bottom + _AROUND)
            x = max(0, left - _AROUND), min(width, right + _AROUND)
            derained = self._derain(frame[y[0] : y[1], x[0] : x[1]]).astype(np.float32)
            inner = slice(top - y[0], bottom - y[0]), slice(left - x[0], right - x[0])
            weight = _faded(need, top, bottom, left, right)[..., None]
            part = result[top:bottom, left:right]
            part += weight * (derained[inner] - part)
        return result


def boxes(need: NDArray[np.float32]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (top, bottom, left, right) around neighbouring cells where it is needed."""
    cv2 = opencv()
    height, width = need.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    padded = np.zeros((rows * CELL, columns * CELL), np.float32)
    padded[:height, :width] = need
    worth = padded.reshape(rows, CELL, columns, CELL).mean(axis=(1, 3)) > _WORTH
    count, _, stats, _ = cv2.connectedComponentsWithStats(worth.astype(np.uint8), connectivity=8)
    for left, top, across, down, _ in stats[1:count]:
        bottom, right = min(height, (top + down) * CELL), min(width, (left + across) * CELL)
        yield int(top * CELL), int(bottom), int(left * CELL), int(right)


def _faded(
    need: NDArray[np.float32], top: int, bottom: int, left: int, right: int
) -> NDArray[np.float32]:
    """The need within a box, which fades in from its sides; those on the frame's border do not."""
    height, width = need.shape
    soft = need[top:bottom, left:right].copy()
    for inside, view in (
        (top > 0, soft),
        (bottom < height, soft[::-1]),
        (left > 0, soft.T),
        (right < width, soft.T[::-1]),
    ):
        if inside:
            ramp = np.linspace(0, 1, _RAMP + 1, dtype=np.float32)[:-1][: view.shape[0]]
            view[: len(ramp)] *= ramp[:, None]
    return soft
