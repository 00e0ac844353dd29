"""Decoded pictures, as many as fit: the least recently used give way."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from derain.data import read_rgb
from derain.errors import DatasetError
from derain.restore.memory import free_memory

Pixels = NDArray[np.uint8]

_MIB = 1 << 20
_MOST = 512 * _MIB
"""Bytes of pictures kept where the configuration does not say: more saves little (benchmarks)."""


class PictureCache:
    """Arrays by key, at most ``limit`` bytes of them. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self._kept: OrderedDict[Hashable, Pixels] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Pixels]) -> Pixels:
        """What is kept under ``key``, or what ``make`` gives, which is kept then."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()  # without the lock: others decode meanwhile
        with self._lock:
            if key not in self._kept and made.nbytes <= self.limit:
                self._kept[key] = made
                self.held += made.nbytes
            while self.held > self.limit:
                self.held -= self._kept.popitem(last=False)[1].nbytes
        return made


@lru_cache(maxsize=1)
def picture_cache(memory: int) -> PictureCache:
    """The cache of this process, which all parts of a run share.

    Args:
        memory: MiB that it may hold; 0 for a quarter of what is free, at most 512.
    """
    return PictureCache(memory * _MIB or min(_MOST, free_memory() // 4))


class Stamp(NamedTuple):
    """By what a changed file is told: its bytes, and when it was written, in nanoseconds."""

    size: int
    modified: int


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file.

    Raises:
        DatasetError: It is gone.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 # quicker for 100,000 files
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    return Stamp(status.st_size, status.st_mtime_ns)


class Pictures:
    """The pictures of a run. What :meth:`meet` saw must not change until the run is over.

    Args:
        cache: Holds what was decoded last.
    """

    def __init__(self, cache: PictureCache) -> None:
        self._cache = cache
        self._met: dict[Path, Stamp] = {}

    def meet(self, path: Path) -> Stamp:
        """Remember how a file is now.

        Raises:
            DatasetError: It is not there.
        """
        if path not in self._met:
            self._met[path] = stamp_of(path)
        return self._met[path]

    def read(self, path: Path) -> Pixels:
        """A picture, (H, W, 3) uint8; not to be written to.

        Raises:
            DatasetError: It is damaged, gone, or not what it was; names it.
        """
        return self.changed(path, "", lambda pixels: pixels)

    def changed(self, path: Path, how: Hashable, change: Callable[[Pixels], Pixels]) -> Pixels:
        """What ``change`` makes of a picture; ``how`` tells it from other changes, by a name.

        Raises:
            DatasetError: As :meth:`read`.
        """
        met = self.meet(path)

        def make() -> Pixels:
            if stamp_of(path) != met:
                raise DatasetError(
                    f"{path}: has changed since the run began; put it back, or start the run anew"
                )
            made = change(read_rgb(path))
            # PyTorch wants what it could write to.
            return made if made.flags.writeable else made.copy()

        return self._cache.get((path, met, how), make)
