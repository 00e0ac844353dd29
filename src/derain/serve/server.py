"""From settings to a process that listens, and that ends well."""

from __future__ import annotations

import logging
import os
import socket
from types import FrameType

import uvicorn

from derain.errors import UsageError
from derain.serve.app import make_app
from derain.serve.metrics import Metrics
from derain.serve.protocol import PatientProtocol
from derain.serve.settings import Settings
from derain.serve.workshop import Workshop

INTERRUPTED = 130
_LAST_ANSWERS = 5  # seconds to send what is finished
_logger = logging.getLogger("uvicorn.error")


class Server(uvicorn.Server):
    """uvicorn's, which finishes what was begun while it says that it stops.

    Attributes:
        finished: Whether all work had ended when it stopped.
    """

    def __init__(self, settings: Settings) -> None:
        metrics = Metrics()
        self._workshop = Workshop(settings, metrics)
        self.finished = True
        super().__init__(
            uvicorn.Config(
                make_app(self._workshop, metrics),
                http=PatientProtocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                server_header=False,
                timeout_graceful_shutdown=_LAST_ANSWERS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        for bound in sockets or []:
            host, port = bound.getsockname()[:2]
            host = f"[{host}]" if ":" in host else host
            _logger.info("derain listens on http://%s:%d/ (Ctrl-C ends it)", host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer that it stops while work is being finished, and only then stop listening."""
        self.finished = await self._workshop.stop()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What signals call: the first one lets the work end, a second one does not."""
        if self.should_exit:
            os._exit(INTERRUPTED)
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: The address is taken, or none of this machine's.
    """
    if not 0 <= port < 1 << 16:
        raise UsageError(f"--port must be from 0 to 65535, not {port}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"cannot listen on {host}:{port} ({error}); give another --host or --port"
        ) from None


def run(settings: Settings, host: str, port: int) -> int:
    """Serve until a signal comes; 0 where all work was finished then, else 130.

    Raises:
        DerainError: The model or the address.
    """
    with listen(host, port) as sock:
        server = Server(settings)
        server.run(sockets=[sock])
    return 0 if server.finished else INTERRUPTED
