"""How long a run took, and how fast it goes."""

from __future__ import annotations

import time

_MINUTE = 60


class Clock:
    """Seconds spent on a run, over all its parts, and the pace since the last question."""

    def __init__(self, before: float) -> None:
        self._before, self._start = before, time.monotonic()
        self._mark, self._images = self._start, 0
        self._told = self._start

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

    def due(self, steps: int, left: int) -> str:
        """How long ``left`` steps take at the pace of the ``steps`` made here; once a minute."""
        now = time.monotonic()
        if now - self._told < _MINUTE:
            return ""
        self._told = now
        minutes = round(left * self.here() / steps / _MINUTE)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min left" if hours else f"{minutes} min left"

    def skip(self) -> None:
        self._mark, self._images = time.monotonic(), 0
