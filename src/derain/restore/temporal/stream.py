"""The one way to derain a clip: frames in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.errors import InvalidImageError, UsageError
from derain.opencv import opencv
from derain.restore.derainer import Derainer
from derain.restore.strength import FULL, check_strength
from derain.restore.temporal.gate import Gate
from derain.restore.temporal.learnt import LearntGate
from derain.restore.temporal.motion import Motion
from derain.restore.temporal.still import Still
from derain.restore.temporal.window import restore
from derain.zoo import load_gate

Frame = NDArray[Any]

RADIUS = 3
_MOST = 15


class StillDerainer(Protocol):
    """Derains a picture by itself, as :class:`derain.Derainer` does."""

    def __call__(self, image: Frame, /, *, strength: float) -> Any:
        """(H, W, 3) uint8 or uint16 -> the same."""
        ...


class VideoDerainer:
    """Removes rain streaks from the frames of a clip, by what the frames around each one show.

    Args:
        derainer: The single-picture network, for what no other frame shows: new shots, people,
            moving trees. By default the shipped ``base``, loaded when it is first needed.
        strength: How much of the change is applied, from 0 to 1.
        radius: Frames before and after each one that are looked at.
        gate: Decides, pixel by pixel, how much of what time shows is taken, and where the network
            is needed. By default the shipped one, which was trained for it.
        fallback: Whether the single-picture network is used at all.

    Attributes:
        context: A frame depends on so many frames before and after it, and on nothing else: who
            starts in the middle of a clip gets the same frames, but for the first ``context``.

    Raises:
        BackendUnavailableError: OpenCV is not installed.
        UsageError.

    Example:
        >>> import numpy as np
        >>> from derain import VideoDerainer
        >>> clip = [np.full((48, 64, 3), 128, np.uint8)] * 5
        >>> [frame.shape for frame in VideoDerainer()(clip)]
        [(48, 64, 3), (48, 64, 3), (48, 64, 3), (48, 64, 3), (48, 64, 3)]
    """

    def __init__(
        self,
        derainer: StillDerainer | None = None,
        *,
        strength: float = FULL,
        radius: int = RADIUS,
        gate: Gate | None = None,
        fallback: bool = True,
    ) -> None:
        opencv()
        if isinstance(radius, bool) or not isinstance(radius, int) or not 1 <= radius <= _MOST:
            raise UsageError(f"radius must be a whole number from 1 to {_MOST}, not {radius}")
        self.strength = check_strength(strength)
        self.context = radius
        self._gate = LearntGate(load_gate()) if gate is None else gate
        # Boxes of a frame, and frames of a clip, must not differ in how they are looked at.
        self._derainer = derainer.without_turning() if isinstance(derainer, Derainer) else derainer
        self._still = Still(self._derain) if fallback else None

    @property
    def fingerprint(self) -> str:
        """Another one where results may differ, whatever the single-picture network is."""
        still = "" if self._still else ", alone"
        return f"temporal({self.context}, {self._gate!r}{still})"

    def _derain(self, frame: Frame) -> Frame:
        if self._derainer is None:
            self._derainer = Derainer().without_turning()
        derained: Frame = self._derainer(frame, strength=FULL)
        return derained

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Derain a clip's frames, one out for each one in, ``context`` behind.

        Args:
            frames: (H, W, 3) uint8 or uint16 each, RGB, of one size and type, in order of time.

        Yields:
            The same, in the same order. At most 2 * context + 1 frames are held.

        Raises:
            InvalidImageError: A frame is no such array, or not as the first one.
        """
        held: dict[int, Frame] = {}
        motion, reach, number = Motion(), self.context, -1
        for number, frame in enumerate(frames):
            _check(frame, number, next(iter(held.values()), frame))
            held[number] = np.array(frame)  # a reader may use its memory again
            motion.add(number, frame)
            if number >= reach:
                yield self._restore(held, number - reach, motion)
        for late in range(max(0, number - reach + 1), number + 1):
            yield self._restore(held, late, motion)

    def _restore(self, held: dict[int, Frame], at: int, motion: Motion) -> Frame:
        first, last = max(0, at - self.context), min(max(held), at + self.context)
        for old in [number for number in held if number < first]:
            del held[old]
        motion.forget(first)
        window = motion.shot(at, first, last)
        return restore(held, at, window, motion, self._gate, self._still, self.strength)


def _check(frame: Frame, number: int, first: Frame) -> None:
    if not isinstance(frame, np.ndarray) or frame.dtype not in (np.uint8, np.uint16):
        kind = getattr(frame, "dtype", type(frame).__name__)
        raise InvalidImageError(f"frame {number}: {kind}; frames are arrays of uint8 or uint16")
    if frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise InvalidImageError(f"frame {number}: shape {frame.shape}; frames are (H, W, 3)")
    if frame.shape != first.shape or frame.dtype != first.dtype:
        raise InvalidImageError(
            f"frame {number}: {frame.shape} {frame.dtype}, not {first.shape} {first.dtype} as "
            "the frame before; derain each part on its own"
        )
