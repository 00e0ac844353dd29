"""How long a run took, and how fast it goes."""

from __future__ import annotations

import time


class Clock:
    """Seconds spent on a run, over all its parts, and the pace since the last question."""

    def __init__(self, before: float) -> None:
        self._before, self._start = before, time.monotonic()
        self._mark, self._images = self._start, 0

    def count(self, images: int) -> None:
        self._images += images

    def here(self) -> float:
        return time.monotonic() - self._start

    def seconds(self) -> float:
        return self._before + self.here()

    def pace(self) -> float:
        now = time.monotonic()
        pace = self._images / max(1e-9, now - self._mark)
        self._mark, self._images = now, 0
        return round(pace, 2)

    def skip(self) -> None:
        self._mark, self._images = time.monotonic(), 0
