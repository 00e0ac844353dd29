"""A share of the process's memory, which requests take from and give back to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class Share:
    """So many bytes for all requests together. For one event loop.

    Args:
        total: All there are.
    """

    def __init__(self, total: int) -> None:
        self.total, self.taken = total, 0
        self._turn, self._freed = anyio.Lock(), anyio.Event()

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        """What one request takes; given back at the end."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            hold.keep(0)

    def _change(self, size: int) -> None:
        self.taken += size
        if size < 0:
            self._freed.set()
            self._freed = anyio.Event()

    async def _room_for(self, size: int) -> None:
        while self.taken + size > self.total:
            await self._freed.wait()


class Hold:
    """What one request has taken of a share.

    Attributes:
        size: Bytes.
    """

    def __init__(self, share: Share) -> None:
        self._share, self.size = share, 0

    def take(self, size: int) -> bool:
        """Take so many bytes more, if they are there."""
        if self._share.taken + size > self._share.total:
            return False
        self._share._change(size)
        self.size += size
        return True

    async def wait_for(self, size: int) -> None:
        """Take so many bytes, at most the share's all, when they are there: first come, first."""
        assert size <= self._share.total
        async with self._share._turn:
            await self._share._room_for(size)
            self._share._change(size)
            self.size += size

    def keep(self, size: int) -> None:
        """Give back all but so many bytes."""
        self._share._change(size - self.size)
        self.size = size
