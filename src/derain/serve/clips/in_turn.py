"""The single-picture network for a clip's frames, where pictures have it in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Frame = NDArray[Any]


@dataclass(frozen=True)
class InTurn:
    """A derainer of pictures that waits for its turn, frame by frame.

    Attributes:
        strength: How much of the change the clip gets.
        run: Derains a frame, with this strength, when the network is free.
    """

    strength: float
    run: Callable[[Frame, float], Frame]

    def __call__(self, image: Frame, /, *, strength: float) -> Frame:
        """(H, W, 3) uint8 or uint16 -> the same."""
        return self.run(image, strength)
