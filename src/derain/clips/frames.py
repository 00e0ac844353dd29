"""A frame in memory, and how it is turned upright and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]  # uint8 or uint16


@dataclass(frozen=True)
class Frame:
    """One frame of a clip.

    Attributes:
        colour: (H, W, 3) RGB, uint8 or, for more than 8 bits a sample, uint16; upright.
        alpha: (H, W) of the same type, or None.
        pts: When it is shown, in units of the clip's time base.
        duration: How long, in the same units; 0 where it is not said.
        index: Its number in what is derained, from 0.
    """

    colour: Pixels
    alpha: Pixels | None
    pts: int
    duration: int
    index: int


@dataclass(frozen=True)
class Turn:
    """How stored frames lie: sides exchanged first, then mirrored.

    Attributes:
        transposed: Whether rows are columns.
        left_right, upside_down: Whether it is mirrored after that.
    """

    transposed: bool = False
    left_right: bool = False
    upside_down: bool = False

    @staticmethod
    def of(matrix: tuple[int, ...] | None) -> Turn:
        """From FFmpeg's display matrix (3 x 3, the first two columns in 16.16 fixed point).

        A matrix with any other angle than quarter turns is one that frames are not turned by.
        """
        if matrix is None:
            return Turn()
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        if a and d and not (b or c):
            return Turn(False, a < 0, d < 0)
        if b and c and not (a or d):
            return Turn(True, c < 0, b < 0)
        return Turn()

    def upright(self, pixels: Pixels) -> Pixels:
        """(H, W, ...) as stored -> as seen."""
        seen = pixels.swapaxes(0, 1) if self.transposed else pixels
        return np.ascontiguousarray(self._mirrored(seen))

    def stored(self, pixels: Pixels) -> Pixels:
        """The inverse of :meth:`upright`."""
        seen = self._mirrored(pixels)
        return np.ascontiguousarray(seen.swapaxes(0, 1) if self.transposed else seen)

    def _mirrored(self, pixels: Pixels) -> Pixels:
        return pixels[:: -1 if self.upside_down else 1, :: -1 if self.left_right else 1]
