"""Sequences whose items are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

S = TypeVar("S")
T = TypeVar("T")


class Lazy(Sequence[T], Generic[S, T]):
    """``make(source)`` for each source, anew each time and kept nowhere.

    Args:
        sources: What the items are made of.
        make: Makes one.
    """

    def __init__(self, sources: Sequence[S], make: Callable[[S], T]) -> None:
        self._sources, self._make = sources, make

    def __len__(self) -> int:
        return len(self._sources)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Lazy[S, T]: ...
    def __getitem__(self, index: int | slice) -> T | Lazy[S, T]:
        if isinstance(index, slice):
            return Lazy(self._sources[index], self._make)
        return self._make(self._sources[index])
