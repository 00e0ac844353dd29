"""Who may ask, and what browsers are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from derain.errors import UsageError
from derain.serve.settings import read_token
from tests.serve.conftest import Serving, encoded

Pixels = NDArray[np.uint8]

POSTED = ("/v1/derain", "/v1/derain%0A", "/v1/clips", "/v1/clips%0A")


@pytest.fixture(scope="module")
def locked(serving: Serving) -> Iterator[httpx.Client]:
    """A server that wants a token; the client shows it."""
    with serving(token="s3cret") as client:
        client.headers["authorization"] = "Bearer s3cret"
        yield client


@pytest.mark.parametrize(
    "path",
    ["/v1/models", "/metrics", "/openapi.json", *POSTED, "/v1/clips/a", "/v1/clips/a/result"],
)
@pytest.mark.parametrize("token", ["", "Bearer", "Bearer s3cre", "s3cret", "\xff"])
def test_a_wrong_token(path: str, token: str, locked: httpx.Client) -> None:
    method = "POST" if path in POSTED else "GET"
    headers = {"authorization": token.encode("latin-1")}
    answer = httpx.request(method, f"{locked.base_url}{path}", headers=headers, content=b"abc")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "token" in answer.json()["error"]


def test_the_right_token(locked: httpx.Client, small: Pixels) -> None:
    assert locked.post("/v1/derain", content=encoded(small)).status_code == 200
    assert locked.get("/v1/models").status_code == 200


def test_clips_need_a_token(locked: httpx.Client) -> None:
    assert locked.get("/v1/clips/a").status_code == 404
    answer = httpx.delete(f"{locked.base_url}/v1/clips/a")
    assert answer.status_code == 401


def test_probes_need_no_token(locked: httpx.Client) -> None:
    assert httpx.get(f"{locked.base_url}/readyz").status_code == 200
    assert httpx.get(f"{locked.base_url}/healthz").status_code == 200


def test_where_tokens_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("abc\n")
    assert read_token(None) is None
    assert read_token(file) == "abc"
    monkeypatch.setenv("DERAIN_TOKEN", "def")
    assert read_token(None) == "def"
    with pytest.raises(UsageError, match="exclude each other"):
        read_token(file)
    for nothing in ("", " ", "a b", "\u00fc", "a\x00"):
        monkeypatch.setattr("os.environ", {"DERAIN_TOKEN": nothing})
        with pytest.raises(UsageError, match="DERAIN_TOKEN"):
            read_token(None)


def test_headers_of_every_answer(client: httpx.Client, small: Pixels) -> None:
    answers = [
        client.get("/healthz"),
        client.get("/nothing"),
        client.post("/v1/derain", content=b""),
        client.post("/v1/derain", content=encoded(small)),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_other_sites_pages_may_not_use_it(client: httpx.Client, small: Pixels) -> None:
    data = encoded(small)
    for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
        answer = client.post("/v1/derain", content=data, headers={"sec-fetch-site": site})
        assert answer.status_code == status
    answer = client.post("/v1/clips", content=data, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    for path in ("/v1/derain", "/v1/clips", "/v1/clips/a"):
        preflight = client.options(path, headers={"origin": "https://example.org"})
        assert preflight.status_code == 405
