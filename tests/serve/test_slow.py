"""Clients that are slow, or gone: nobody waits for them, and others do not notice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.serve.conftest import Serving, becomes, counted, encoded, shown, taken

Pixels = NDArray[np.uint8]

PATIENCE = 0.5
HEAD = b"POST /v1/derain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"


@pytest.fixture(scope="module")
def hasty(serving: Serving) -> Iterator[httpx.Client]:
    """A server of little patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("derain.serve.body.PATIENCE", PATIENCE)
        with serving() as client:
            yield client


def connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port), 10)


def cut_after(raw: socket.socket) -> tuple[float, bytes]:
    """Seconds until the server closes a connection, and what it said before."""
    began, said = time.monotonic(), b""
    try:
        while piece := raw.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return time.monotonic() - began, said


def drip(raw: socket.socket, data: bytes, every: float) -> None:
    """Send byte by byte for as long as anybody listens."""

    def send() -> None:
        try:
            for byte in data:
                raw.sendall(bytes([byte]))
                time.sleep(every)
        except OSError:
            pass

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize("sent", [b"", b"POST /v1", HEAD])
def test_a_head_that_does_not_come(sent: bytes, hasty: httpx.Client) -> None:
    with connect(hasty) as raw:
        raw.sendall(sent)
        seconds, said = cut_after(raw)
    assert seconds < PATIENCE + 3
    assert not said


def test_a_head_that_drips(hasty: httpx.Client) -> None:
    with connect(hasty) as raw:
        drip(raw, HEAD + b"X: " + b"y" * 1000, PATIENCE / 10)
        seconds, _ = cut_after(raw)
    assert seconds < PATIENCE + 3


def test_a_head_that_drips_after_an_answer(hasty: httpx.Client) -> None:
    with connect(hasty) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 200")
        drip(raw, HEAD + b"X: " + b"y" * 1000, PATIENCE / 10)
        seconds, _ = cut_after(raw)
    assert seconds < PATIENCE + 3


@pytest.mark.parametrize("every", [60, PATIENCE / 10])
def test_a_body_that_drips(every: float, hasty: httpx.Client) -> None:
    """None of it, or too little of it: bytes that keep coming are not enough."""
    with connect(hasty) as raw:
        raw.sendall(HEAD + b"\r\n")
        drip(raw, bytes(900), every)
        seconds, said = cut_after(raw)
    assert seconds < 2 * PATIENCE + 3
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"too slowly" in said


def test_a_body_that_drips_after_its_answer(hasty: httpx.Client) -> None:
    """What was refused early is not read for ever."""
    with connect(hasty) as raw:
        raw.sendall(HEAD.replace(b"/v1/derain", b"/nothing") + b"\r\n")
        assert raw.recv(65536).startswith(b"HTTP/1.1 404")
        drip(raw, bytes(900), PATIENCE / 10)
        seconds, _ = cut_after(raw)
    assert seconds < PATIENCE + 3


def test_an_answer_that_is_not_read(hasty: httpx.Client) -> None:
    """Its memory is held, and free again when the connection is cut."""
    pixels = np.random.default_rng(0).integers(0, 256, (500, 600, 3)).astype(np.uint8)
    photo = encoded(pixels, compress_level=1)
    length = len(encoded(pixels, "PPM"))
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((hasty.base_url.host, hasty.base_url.port))
        head = HEAD.replace(b"derain ", b"derain?format=ppm ")
        raw.sendall(head.replace(b"1000", str(len(photo)).encode()) + b"\r\n" + photo)
        assert becomes(lambda: taken(hasty, "pictures") == length, 30)
        assert becomes(lambda: taken(hasty, "pictures") == 0, PATIENCE + 3)


def test_many_slow_ones_do_no_harm(hasty: httpx.Client, small: Pixels) -> None:
    slow = [connect(hasty) for _ in range(100)]
    for raw in slow:
        raw.sendall(HEAD)
    assert hasty.post("/v1/derain", content=encoded(small)).status_code == 200
    for raw in slow:
        assert not cut_after(raw)[1]
        raw.close()


def test_a_client_that_leaves(serving: Serving, large: bytes, small: Pixels) -> None:
    """Its work ends within a tile, and so does another's wait; the next one's turn comes."""
    with serving(model="base") as client:
        leaving = []
        for seconds in (2, 1):
            thread = threading.Thread(target=_impatient, args=(client.base_url, large, seconds))
            thread.start()
            leaving.append(thread)
        assert becomes(lambda: shown(client, "derain_queue") == 2)
        began = time.monotonic()
        answer = client.post("/v1/derain?model=fast", content=encoded(small))
        assert answer.status_code == 200
        assert time.monotonic() - began < 8
        for thread in leaving:
            thread.join()
        assert becomes(lambda: counted(client, "left") == 2)
        assert becomes(lambda: taken(client, "pictures") == 0)


def _impatient(address: httpx.URL, data: bytes, seconds: float) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/derain", content=data, timeout=seconds)
