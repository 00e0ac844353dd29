"""The page's files: as they are, compressed ahead, and nothing else of the disk."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serve.conftest import Serving

HTML, WASM = b"<!doctype html><title>derain</title>", b"\x00asm" * 100


@pytest.fixture(scope="module")
def visitor(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server whose page is a few files."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_text("secret")
    page = folder / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_bytes(HTML)
    (page / "worker.js").write_text("0")
    (page / "assets" / "net-1a2b.wasm").write_bytes(WASM)
    (page / "assets" / "net-1a2b.wasm.gz").write_bytes(gzip.compress(WASM, mtime=0))
    (page / "assets" / "net-1a2b.wasm.br").write_bytes(b"brotli")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("derain.serve.app.FOLDER", page)
        with serving() as client:
            yield client


def raw(client: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """An answer whose content is as it was sent."""
    request = client.build_request("GET", path, headers={"accept-encoding": "identity", **headers})
    answer = client.send(request, stream=True)
    answer._content = b"".join(answer.iter_raw())
    return answer


def test_files(visitor: httpx.Client) -> None:
    start = raw(visitor, "/")
    assert start.content == HTML
    assert start.headers["content-type"].startswith("text/html")
    assert start.headers["cache-control"] == "no-cache"
    assert raw(visitor, "/worker.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("accepted", "coding", "content"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip;q=1.0", "gzip", gzip.compress(WASM, mtime=0)),
        ("identity", None, WASM),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.compress(WASM, mtime=0)),
        ("br; q=0.0, gzip;q=0, identity", None, WASM),
    ],
)
def test_compressed_ahead(
    accepted: str, coding: str | None, content: bytes, visitor: httpx.Client
) -> None:
    answer = raw(visitor, "/assets/net-1a2b.wasm", **{"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == coding
    assert answer.content[10:] == content[10:]
    assert answer.headers["content-type"] == "application/wasm"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    again = raw(
        visitor, "/assets/net-1a2b.wasm",
        **{"accept-encoding": accepted, "if-none-match": answer.headers["etag"]},
    )  # fmt: skip
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/..%2fsecret.txt",
     "//etc/passwd", "/assets", "/%00"],
)  # fmt: skip
def test_nothing_else(path: str, visitor: httpx.Client) -> None:
    with socket.create_connection((visitor.base_url.host, visitor.base_url.port), 5) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b"secret" not in answer.partition(b"\r\n\r\n")[2]
    assert answer.split()[1] in (b"404", b"307")


def test_without_a_page(serving: Serving, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("derain.serve.app.FOLDER", tmp_path / "none")
    with serving() as client:
        assert client.get("/").status_code == 404
        assert client.get("/v1/models").status_code == 200
