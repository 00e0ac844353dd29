"""What is known of names, in some bytes a name, so that a million take some megabytes."""

from __future__ import annotations

import hashlib
from array import array
from typing import Any, Literal

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


Ours = frozenset[int]
"""Digests of the sums of what earlier runs wrote under a name."""


class Sums:
    """The digests of sums that were told of names; in any order, 16 bytes for each."""

    def __init__(self) -> None:
        self._added = array("Q"), array("Q")
        self._known = np.empty(0, np.uint64), np.empty(0, np.uint64)

    def add(self, name: int, value: int) -> None:
        self._added[0].append(name)
        self._added[1].append(value)

    def of(self, name: int) -> Ours:
        if self._added[0]:
            self._fold()
        names, values = self._known
        start, end = (np.searchsorted(names, np.uint64(name), side) for side in _SIDES)
        return frozenset(values[start:end].tolist())

    def _fold(self) -> None:
        fresh = (np.frombuffer(part, np.uint64) for part in self._added)
        names, values = map(np.concatenate, zip(self._known, fresh, strict=True))
        order = np.lexsort((values, names))
        names, values = names[order], values[order]
        kept = _last_of_each(names) | _last_of_each(values)
        self._known = names[kept], values[kept]
        self._added = array("Q"), array("Q")


class Standing:
    """How each source stands; told in any order, 25 bytes for each of at most two attempts.

    The last success made what lies in the target; where the last attempt was at another version of
    the source, that is to be made again.
    """

    def __init__(self) -> None:
        self._added = self._empty()
        self._known = tuple(np.empty(0, np.dtype(part.typecode)) for part in self._added)

    def add(self, source: int, version: int, time: float, done: bool) -> None:
        """An attempt, and when it ended; of those of one time the one told later is newer."""
        for part, value in zip(self._added, (source, version, time, done), strict=True):
            part.append(value)

    def is_done(self, source: int, version: int) -> bool:
        """Whether the last attempt and the last success were at this version."""
        if self._added[0]:
            self._fold()
        sources, versions, _, done = self._known
        start, end = (np.searchsorted(sources, np.uint64(source), side) for side in _SIDES)
        if start == end or not done[start:end].any():
            return False
        success = start + int(np.flatnonzero(done[start:end])[-1])
        return bool(versions[success] == versions[end - 1] == np.uint64(version))

    def _fold(self) -> None:
        fresh = (np.frombuffer(part, part.typecode) for part in self._added)
        joined = [np.concatenate(pair) for pair in zip(self._known, fresh, strict=True)]
        order = np.lexsort((joined[2], joined[0]))
        parts = [part[order] for part in joined]
        kept = _last_of_each(parts[0])
        (successes,) = np.nonzero(parts[3])
        kept[successes[_last_of_each(parts[0][successes])]] = True
        self._known = tuple(part[kept] for part in parts)
        self._added = self._empty()

    @staticmethod
    def _empty() -> tuple[array[Any], ...]:
        return array("Q"), array("Q"), array("d"), array("b")


_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


def _last_of_each(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Where, in sorted values, the next one is another."""
    return np.append(values[1:] != values[:-1], len(values) > 0)[: len(values)]
