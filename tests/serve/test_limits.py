"""What is refused, before work is put into it, and what is said."""

from __future__ import annotations

import socket
import struct
import time
import zlib
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.serve.conftest import Serving, becomes, counted, encoded, shown, taken

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def narrow(serving: Serving) -> Iterator[httpx.Client]:
    """A server of 0.01 megapixels and 20 kB."""
    with serving(max_megapixels=0.01, max_megabytes=20_000 / (1 << 20)) as client:
        yield client


def refused(answer: httpx.Response, status: int, words: str) -> None:
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_too_long_by_its_own_word(narrow: httpx.Client) -> None:
    """Refused though not a byte of the body ever comes."""
    with socket.create_connection((narrow.base_url.host, narrow.base_url.port), 5) as raw:
        raw.sendall(b"POST /v1/derain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20001\r\n\r\n")
        answer = b""
        while b"}" not in answer:
            answer += raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"20000 bytes" in answer


def test_too_long_by_what_comes(narrow: httpx.Client) -> None:
    """In chunks, whose number nobody knows, and in a form."""
    refused(narrow.post("/v1/derain", content=iter([bytes(1000)] * 30)), 413, "20000 bytes")
    form = {"picture": ("a.png", bytes(30_000))}
    refused(narrow.post("/v1/derain", files=form), 413, "20000 bytes")


def test_a_client_that_sends_on_gets_its_answer(narrow: httpx.Client) -> None:
    refused(narrow.post("/v1/derain", content=bytes(5_000_000)), 413, "20000 bytes")


def test_too_many_pixels(narrow: httpx.Client) -> None:
    wide = np.zeros((100, 100, 3), np.uint8)
    assert narrow.post("/v1/derain", content=encoded(wide)).status_code == 200
    wide = np.zeros((101, 100, 3), np.uint8)
    refused(narrow.post("/v1/derain", content=encoded(wide)), 422, "0.0 megapixels")
    limits = narrow.get("/v1/models").json()["limits"]
    assert (limits["bytes"], limits["pixels"]) == (20_000, 10_000)


def png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


@pytest.mark.parametrize("side", [8_000, 60_000])
def test_bombs(side: int, client: httpx.Client) -> None:
    refused(client.post("/v1/derain", content=png(side, side)), 422, "megapixels")


def test_what_does_not_fit_into_memory(serving: Serving) -> None:
    """The limit of pixels follows from the memory, and encoders that take more get less."""
    with serving(memory=512) as client:
        most = client.get("/v1/models").json()["limits"]["pixels"]
        assert 1e6 < most < 10e6
        side = int((most * 0.9) ** 0.5)
        for kind in ("webp", "avif"):
            answer = client.post(f"/v1/derain?format={kind}", content=png(side, side))
            refused(answer, 422, f"memory as {kind.upper()}")
        refused(client.post("/v1/derain?format=jpg", content=png(side, side)), 422, "damaged")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("model=none", "known: fast, base"),
        ("model=../base", "unknown model"),
        ("strength=1.5", "from 0 to 1"),
        ("strength=nan", "from 0 to 1"),
        ("quality=0", "from 1 to 100"),
        ("quality=%C2%B2", "from 1 to 100"),
        ("format=gif", "jpg, png"),
        ("format=heic", "jpg, png"),
        ("save=all", "clean or rain"),
        ("qualty=5", "unknown option 'qualty'"),
        ("path=/etc/passwd", "unknown option"),
        ("format=jpg&format=png", "twice"),
    ],
)
def test_options(query: str, words: str, client: httpx.Client) -> None:
    refused(client.post(f"/v1/derain?{query}", content=b""), 400, words)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"content-type": "text/html"}, "image/..."),
        ({"content-type": "application/x-www-form-urlencoded"}, "image/..."),
        ({"content-type": "multipart/mixed; boundary=a"}, "multipart/form-data"),
        ({"content-type": "image/png", "content-encoding": "gzip"}, "as it is"),
    ],
)
def test_types(headers: dict[str, str], words: str, client: httpx.Client) -> None:
    refused(client.post("/v1/derain", content=b"abc", headers=headers), 415, words)


@pytest.mark.parametrize(
    ("files", "data"),
    [
        ({"photo": ("a.png", b"abc")}, {}),
        ([("picture", ("a.png", b"abc"))] * 2, {}),
        ({"picture": ("a.png", b"abc")}, {"more": "text"}),
        ({"picture": (None, b"abc")}, {}),
    ],
)
def test_forms(files: object, data: dict[str, str], client: httpx.Client) -> None:
    answer = client.post("/v1/derain", files=files, data=data)  # type: ignore[arg-type]
    refused(answer, 400, "field picture")


def test_addresses_and_methods(client: httpx.Client) -> None:
    refused(client.get("/nothing"), 404, "openapi.json")
    refused(client.put("/v1/derain"), 405, "another method")
    refused(client.get("/v1/derain"), 405, "another method")


def test_damage(client: httpx.Client, small: Pixels) -> None:
    before = counted(client, "unusable")
    refused(client.post("/v1/derain", content=b""), 422, "empty")
    refused(client.post("/v1/derain", content=b"%PDF-1.4"), 422, "known format")
    refused(client.post("/v1/derain", content=encoded(small)[:-500]), 422, "damaged")
    assert counted(client, "unusable") == before + 3


def test_a_deadline(serving: Serving, large: bytes) -> None:
    """Within a tile: all of the picture is one, and takes many times as long."""
    with serving(deadline=1.0) as client:
        began = time.monotonic()
        answer = client.post("/v1/derain?model=base", content=large)
        assert time.monotonic() - began < 5
        refused(answer, 503, "deadline")
        assert int(answer.headers["retry-after"]) >= 1
        assert counted(client, "late") == 1
        assert becomes(lambda: shown(client, "derain_queue") == 0)


def test_uploads_share_the_memory(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are still coming take from one share; what does not fit is told to come again."""
    with serving(memory=512) as client:
        share = (512 - 200) * (1 << 20) // 8
        assert client.get("/v1/models").json()["limits"]["bytes"] == share
        with socket.create_connection((client.base_url.host, client.base_url.port), 5) as raw:
            head = f"POST /v1/derain HTTP/1.1\r\nHost: localhost\r\nContent-Length: {share}\r\n\r\n"
            raw.sendall(head.encode() + bytes(share - 1000))
            assert becomes(lambda: taken(client, "uploads") == share - 1000)
            answer = client.post("/v1/derain", content=bytes(2000))
            refused(answer, 429, "come again")
            assert int(answer.headers["retry-after"]) >= 1
        assert becomes(lambda: taken(client, "uploads") == 0)
