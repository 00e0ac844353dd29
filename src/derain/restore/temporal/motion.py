"""The flows between the frames of a window, each sought once."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from derain.restore.temporal.cuts import is_cut
from derain.restore.temporal.flow import Flow, Mask, consistent, flow, luma
from derain.restore.temporal.steady import Searched, sought_in, steadied

Frame = NDArray[Any]


class Motion:
    """Flows by the numbers of two frames. What is asked twice is sought once.

    Each answer depends on its two frames alone, so it does not matter when a frame came or what
    came before it.
    """

    def __init__(self) -> None:
        self._frames: dict[int, Searched] = {}
        self._flows: dict[tuple[int, int], Flow] = {}
        self._cuts: dict[int, bool] = {}

    def add(self, number: int, frame: Frame) -> None:
        """Take a frame, (H, W, 3) uint8 or uint16."""
        self._frames[number] = Searched.of(luma(frame))

    def forget(self, first: int) -> None:
        """Let go of what hangs on frames before this one."""
        self._frames = {n: x for n, x in self._frames.items() if n >= first}
        self._flows = {pair: x for pair, x in self._flows.items() if min(pair) >= first}
        self._cuts = {n: x for n, x in self._cuts.items() if n >= first}

    def flow(self, here: int, there: int) -> Flow:
        """Where each pixel of the frame ``here`` is seen in the frame ``there``."""
        pair = here, there
        if pair not in self._flows:
            a, b = self._frames[here], self._frames[there]
            self._flows[pair] = steadied(a, b, flow(*sought_in(a, b)))
        return self._flows[pair]

    def seen(self, here: int, there: int) -> Mask:
        """Which pixels of ``here`` are seen in the frame ``there``, at the flow's size."""
        return consistent(self.flow(here, there), self.flow(there, here))

    def cut_after(self, number: int) -> bool:
        """Whether a shot ends with this frame."""
        if number not in self._cuts:
            a, b = self._frames[number], self._frames[number + 1]
            self._cuts[number] = is_cut(a.luma, b.luma, self.seen(number, number + 1))
        return self._cuts[number]

    def shot(self, at: int, first: int, last: int) -> range:
        """The frames of the shot of the frame ``at``, from ``first`` to ``last`` at most."""
        start, end = at, at
        while start > first and not self.cut_after(start - 1):
            start -= 1
        while end < last and not self.cut_after(end):
            end += 1
        return range(start, end + 1)
