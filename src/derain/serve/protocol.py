"""HTTP/1.1 that waits for nobody for long: uvicorn's protocol, which has no such limits."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from derain.serve import body

MOST_CONNECTIONS = 512
"""Below the 1024 files that a process may usually open."""


class PatientProtocol(H11Protocol):
    """Cuts connections that stand still.

    A request's head must come within ``body.PATIENCE`` seconds, as must what is left of a body that
    was answered early; 64 KiB of an answer must be taken within as many. The body of a request that
    is being answered is the application's to watch (``body.py``), and a connection between two
    requests is uvicorn's.
    """

    _cut: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        super().timeout_keep_alive_handler()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(body.PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = _cancelled(self._unread)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cut, self._unread = _cancelled(self._cut), _cancelled(self._unread)
        super().connection_lost(exc)

    def _watch(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        idle = self.timeout_keep_alive_task is not None and not self.transport.is_closing()
        if answering or idle:
            self._cut = _cancelled(self._cut)
        elif self._cut is None:
            self._cut = self.loop.call_later(body.PATIENCE, self.transport.abort)


def _cancelled(timer: asyncio.TimerHandle | None) -> Any:
    if timer is not None:
        timer.cancel()
    return None
