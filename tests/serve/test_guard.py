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


def begun(locked: httpx.Client) -> tuple[str, str]:
    """The cookie of a session, and what else is said of it."""
    answer = locked.post("/v1/session")
    assert answer.status_code == 204
    cookie, _, more = answer.headers["set-cookie"].partition("; ")
    return cookie, more.lower()


def test_a_session_stands_for_the_token(locked: httpx.Client, small: Pixels) -> None:
    cookie, more = begun(locked)
    assert "s3cret" not in cookie
    assert {"httponly", "samesite=strict"} <= set(more.split("; "))
    assert "path" not in more and "max-age" not in more
    address = f"{locked.base_url}/v1/derain"
    for site, status in (("", 200), ("same-origin", 200), ("none", 200), ("same-site", 403)):
        headers = {"cookie": cookie} | ({"sec-fetch-site": site} if site else {})
        answer = httpx.post(address, content=encoded(small), headers=headers)
        assert answer.status_code == status, site
    name = cookie.partition("=")[0]
    for wrong in (cookie[:-1], f"{name}=", f"{name}=\xff", cookie.replace(name, "derain-session")):
        headers = {"cookie": wrong.encode("latin-1")}
        assert httpx.post(address, content=b"", headers=headers).status_code == 401


def test_other_ports_of_the_host_are_no_part_of_the_page(
    locked: httpx.Client, small: Pixels
) -> None:
    """Cookies come from there as well, and without TLS browsers tell by Origin alone."""
    cookie, _ = begun(locked)
    own = str(locked.base_url).rstrip("/")
    for origin, status in ((own, 200), ("http://127.0.0.1:1", 403), ("null", 403)):
        headers = {"cookie": cookie, "origin": origin}
        answer = httpx.post(f"{own}/v1/derain", content=encoded(small), headers=headers)
        assert answer.status_code == status, origin


def test_a_session_needs_the_token(locked: httpx.Client, client: httpx.Client) -> None:
    answer = httpx.post(f"{locked.base_url}/v1/session")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert client.post("/v1/session").status_code == 404  # no address of a server without one


def test_another_token_ends_sessions(locked: httpx.Client, serving: Serving) -> None:
    cookie, _ = begun(locked)
    with serving(token="an0ther") as other:
        assert other.get("/v1/models", headers={"cookie": cookie}).status_code == 401


def test_behind_tls_the_cookie_is_for_tls(locked: httpx.Client) -> None:
    answer = locked.post("/v1/session", headers={"x-forwarded-proto": "https"})
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "secure" not in begun(locked)[1]


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
    others, own = ("cross-site", "same-site"), ("same-origin", "none")
    for site, status in (*((site, 403) for site in others), *((site, 200) for site in own)):
        answer = client.post("/v1/derain", content=data, headers={"sec-fetch-site": site})
        assert answer.status_code == status
    # Browsers say that only to loopback and over TLS; of what is sent they tell the origin always.
    for origin, status in (("http://evil.example", 403), (str(client.base_url).rstrip("/"), 200)):
        answer = client.post("/v1/derain", content=data, headers={"origin": origin})
        assert answer.status_code == status, origin
    answer = client.post("/v1/clips", content=data, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    for path in ("/v1/derain", "/v1/clips", "/v1/clips/a"):
        preflight = client.options(path, headers={"origin": "https://example.org"})
        assert preflight.status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403), ("evil.example:8000", 403), ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403), ("[::1", 403),
        ("localhost:8000", 200), ("LOCALHOST", 200), ("derain.localhost", 200),
        ("127.0.0.1", 200), ("[::1]:8000", 200), ("192.168.1.7:80", 200),
    ],
)  # fmt: skip
def test_a_name_that_was_pointed_here(
    host: str, status: int, client: httpx.Client, locked: httpx.Client
) -> None:
    answer = client.get("/v1/models", headers={"host": host})
    assert answer.status_code == status
    assert status == 200 or "token" in answer.json()["error"]
    assert client.get("/healthz", headers={"host": host}).status_code == 200
    # Who knows the token is no page of another site.
    assert locked.get("/v1/models", headers={"host": host}).status_code == 200
