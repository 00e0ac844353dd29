"""Servers on ports of their own, in a thread, and pictures to send."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain.serve.server import Server, listen
from derain.serve.settings import Settings

Pixels = NDArray[np.uint8]
Serving = Callable[..., AbstractContextManager[httpx.Client]]


def encoded(pixels: Pixels, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def shown(client: httpx.Client, name: str) -> float:
    """A number that /metrics shows."""
    rows = (line.rpartition(" ") for line in client.get("/metrics").text.splitlines())
    return next(float(value) for key, _, value in rows if key == name)


def counted(client: httpx.Client, outcome: str) -> float:
    """How many pictures came to this end."""
    return shown(client, f'derain_pictures_total{{outcome="{outcome}"}}')


def taken(client: httpx.Client, share: str) -> float:
    """Bytes that requests have taken of a share of the memory."""
    return shown(client, f'derain_memory_taken_bytes{{share="{share}"}}')


def becomes(what: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it is true before so many seconds have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def _serving(**settings: object) -> Iterator[httpx.Client]:
    options = {"model": "fast", "backend": "onnxruntime", "threads": 1, "memory": 1024, "grace": 0}
    with listen("127.0.0.1", 0) as sock:
        # What the system would take for a client who does not read would hide him.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        server = Server(Settings(**{**options, **settings}))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            port = sock.getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                assert becomes(lambda: client.get("/readyz").status_code == 200)
                yield client
        finally:
            server.should_exit = True
            thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def serving() -> Serving:
    """Starts a server of ``fast`` with these settings, and stops it; gives a client."""
    return _serving


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server as it is by default, but small."""
    with _serving() as client:
        yield client


@pytest.fixture(scope="session")
def small(photos: list[Pixels]) -> Pixels:
    """(48, 64, 3), derained in milliseconds."""
    return np.ascontiguousarray(photos[2][100:148, 80:144])


@pytest.fixture(scope="session")
def large(photos: list[Pixels]) -> bytes:
    """The file of 2.4 megapixels in one tile, on which ``base`` works for many seconds."""
    return encoded(np.tile(photos[2], (6, 6, 1)), "JPEG")
