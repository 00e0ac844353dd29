"""What is known of names, in some bytes a name, so that a million take some megabytes."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np
from numpy.typing import NDArray


def digest(*parts: str) -> int:
    """64 bits that stand for some text: of a billion names two agree once in forty runs."""
    data = "\0".join(parts).encode(errors="surrogateescape")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


class Digests:
    """A set of digests that is filled first and asked later; eight bytes each."""

    def __init__(self) -> None:
        self._added = array("Q")
        self._sorted: NDArray[np.uint64] = np.empty(0, np.uint64)

    def add(self, value: int) -> None:
        self._added.append(value)

    def __contains__(self, value: int) -> bool:
        if self._added:
            fresh = np.frombuffer(self._added, np.uint64)
            self._sorted = np.unique(np.concatenate([self._sorted, fresh]))
            self._added = array("Q")
        key = np.uint64(value)
        place = int(np.searchsorted(self._sorted, key))
        return place < len(self._sorted) and bool(self._sorted[place] == key)

    def __len__(self) -> int:
        _ = 0 in self
        return len(self._sorted)


class Standing:
    """How each source stands, by its newest version alone; told in any order, 25 bytes an attempt.

    A picture that was done, changed and changed back is to be done again: what lies in the target
    is of the version between.
    """

    def __init__(self) -> None:
        self._added = (array("Q"), array("Q"), array("d"), array("b"))
        self._known = tuple(np.empty(0, np.dtype(part.typecode)) for part in self._added)

    def add(self, source: int, version: int, time: float, done: bool) -> None:
        """An attempt, and when it ended; of those of one time the one told later is newer."""
        for part, value in zip(self._added, (source, version, time, done), strict=True):
            part.append(value)

    def is_done(self, source: int, version: int) -> bool:
        """Whether this is the newest version of the source, and an attempt at it succeeded."""
        if self._added[0]:
            self._fold()
        sources, versions, _, done = self._known
        place = int(np.searchsorted(sources, np.uint64(source)))
        if place == len(sources) or sources[place] != np.uint64(source):
            return False
        return bool(done[place] and versions[place] == np.uint64(version))

    def _fold(self) -> None:
        fresh = (np.frombuffer(part, part.typecode) for part in self._added)
        joined = [np.concatenate(pair) for pair in zip(self._known, fresh, strict=True)]
        order = np.lexsort((joined[2], joined[0]))
        sources, versions, times, done = (part[order] for part in joined)
        other = sources[1:] != sources[:-1]
        last, group = np.append(other, True), np.append(0, np.cumsum(other))
        newest = versions[last]
        succeeded = np.bincount(group, done * (versions == newest[group])) > 0
        self._known = sources[last], newest, times[last], succeeded.astype("b")
        self._added = (array("Q"), array("Q"), array("d"), array("b"))
