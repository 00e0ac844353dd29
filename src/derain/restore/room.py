"""Memory that threads share: each takes what it needs, and waits until it is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from derain.restore.interrupt import LOOK
from derain.restore.memory import free_memory


class Room:
    """So many bytes for all threads together; first come, first served.

    Args:
        total: All there are.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._taken = 0
        self._turn, self._freed = threading.Lock(), threading.Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Take so many bytes, or all where that is less, and give them back at the end."""
        size = min(size, self.total)
        # Who waits keeps the turn, so that many small ones never keep a large one waiting.
        with self._turn, self._freed:
            while not self._freed.wait_for(lambda: self._taken + size <= self.total, LOOK):
                pass
            self._taken += size
        try:
            yield
        finally:
            with self._freed:
                self._taken -= size
                self._freed.notify_all()


def picture_room() -> Room:
    """For pictures at work and their results, beside the network: half of what is free."""
    return Room(free_memory() // 2)
