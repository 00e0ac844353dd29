"""Engines for pictures side by side: memory and processors are one process's, whoever works.

A picture gets the same tiles beside others as alone, so its result does not depend on them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from derain.restore.engine import Engine
from derain.restore.room import Room


class Engines:
    """An engine for ``jobs`` pictures at once, and one for those that need more than a share.

    Each of the former has its share of the threads. The latter have all threads and all memory, one
    picture after the other: the tiles of large pictures use processors well, and smaller tiles
    would cost more.

    Args:
        make: Gives an engine for so many pictures at once.
        jobs: How many; others wait.
        total: Bytes for all of them.

    Attributes:
        small: The engine of those that fit into their share.

    Thread-safe.
    """

    def __init__(self, make: Callable[[int], Engine], jobs: int, total: int) -> None:
        self._make, self._jobs = make, jobs
        self._room, self._share = Room(total), total // jobs
        self._lock = threading.Lock()
        self._large: Engine | None = None
        self.small = make(jobs)

    @contextmanager
    def at_work(self, height: int, width: int) -> Iterator[Engine]:
        """The engine for a picture of this size, once there is room for it."""
        if self.small.need(height, width) <= self._share:
            with self._room.hold(self._share):
                yield self.small
        else:
            with self._room.hold(self._room.total):
                yield self._for_large()

    def _for_large(self) -> Engine:
        with self._lock:
            if self._large is None:
                self._large = self.small if self._jobs == 1 else self._make(1)
            return self._large
