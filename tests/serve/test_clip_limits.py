"""Clips that are refused, and what is said; clients that leave."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

pytest.importorskip("av")

from tests.serve.clips import clip, disk, ended, left, long_clip, outcomes, sent
from tests.serve.conftest import Serving, becomes, encoded, shown
from tests.serve.test_limits import refused

MOST = 100_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps clips."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def narrow(serving: Serving, folder: Path) -> Iterator[httpx.Client]:
    """A server of two clips of 100 kB."""
    settings = {"clip_queue": 2, "max_clip_megabytes": MOST / (1 << 20), "clip_disk": 2}
    with serving(clip_folder=folder, **settings) as client:
        yield client
        assert becomes(lambda: disk(client) == 0)
        assert not left(folder)


def test_too_long_by_its_own_word(narrow: httpx.Client) -> None:
    with socket.create_connection((narrow.base_url.host, narrow.base_url.port), 5) as raw:
        raw.sendall(b"POST /v1/clips HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n")
        answer = b""
        while b"}" not in answer:
            answer += raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the clip's file has more than the 100000 bytes" in answer


def test_too_long_by_what_comes(narrow: httpx.Client) -> None:
    refused(narrow.post("/v1/clips", content=iter([bytes(1000)] * 110)), 413, "100000 bytes")
    form = {"clip": ("a.mp4", bytes(110_000))}
    refused(narrow.post("/v1/clips", files=form), 413, "100000 bytes")
    assert disk(narrow) == 0


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"content-type": "text/html"}, "video/..."),
        ({"content-type": "image/png"}, "video/..."),
        ({"content-type": "multipart/mixed; boundary=a"}, "multipart/form-data"),
        ({"content-type": "video/mp4", "content-encoding": "gzip"}, "as it is"),
    ],
)
def test_types(headers: dict[str, str], words: str, narrow: httpx.Client) -> None:
    refused(narrow.post("/v1/clips", content=b"abc", headers=headers), 415, words)


@pytest.mark.parametrize(
    ("files", "data"),
    [
        ({"picture": ("a.mp4", b"abc")}, {}),
        ([("clip", ("a.mp4", b"abc"))] * 2, {}),
        ({"clip": ("a.mp4", b"abc")}, {"path": "/etc/passwd"}),
        ({"clip": (None, b"abc")}, {}),
    ],
)
def test_forms(files: object, data: dict[str, str], narrow: httpx.Client) -> None:
    answer = narrow.post("/v1/clips", files=files, data=data)  # type: ignore[arg-type]
    refused(answer, 400, "field clip")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("model=none", "known: fast, base"),
        ("strength=2", "from 0 to 1"),
        ("format=avi", "mp4, m4v, mov, mkv, webm"),
        ("codec=mpeg2", "h264, hevc"),
        ("crf=64", "from 0 to 63"),
        ("save=all", "clean or rain"),
        ("path=/etc/passwd", "unknown option"),
        ("url=http://localhost/", "unknown option"),
    ],
)
def test_options(query: str, words: str, narrow: httpx.Client) -> None:
    refused(narrow.post(f"/v1/clips?{query}", content=b""), 400, words)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("codec=prores&format=mov&crf=5", "crf: prores has no"),
        ("crf=60", "crf of h264 must be from 0 to 51"),
        ("format=webm", "webm does not hold h264; give codec or format=mkv"),
    ],
)
def test_options_that_do_not_go_with_it(
    query: str, words: str, narrow: httpx.Client, tmp_path: Path
) -> None:
    """Told in the words of requests, before the clip has to wait."""
    answer = narrow.post(f"/v1/clips?{query}", content=clip(tmp_path))
    refused(answer, 400, words)
    assert "--" not in answer.json()["error"]


def test_no_clip(narrow: httpx.Client, tmp_path: Path) -> None:
    before, data = outcomes(narrow, "unusable"), clip(tmp_path)
    picture = encoded(np.zeros((9, 9, 3), np.uint8))
    for content, words in (
        (b"", "empty"),
        (b"%PDF-1.4 and so on", "no clip"),
        (bytes(5000), "no clip"),
        (data[:-2000], "no clip"),  # whose index is at its end
        (picture, "/v1/derain"),
        (b"GIF89a" + bytes(50), "animated"),
    ):
        answer = narrow.post("/v1/clips", content=content)
        refused(answer, 422, words)
        assert answer.json()["error"].startswith("the clip: ")
    assert outcomes(narrow, "unusable") == before + 6


def test_clips_that_name_other_files(narrow: httpx.Client, tmp_path: Path) -> None:
    """FFmpeg would open what they name, and the result would show it."""
    secret = tmp_path / "secret.mp4"
    clip(tmp_path, secret.name)
    for text in (
        f"ffconcat version 1.0\nfile {secret}\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    ):
        refused(narrow.post("/v1/clips", content=text.encode()), 422, "no clip")


def test_frames_that_are_too_large(narrow: httpx.Client, tmp_path: Path) -> None:
    most = narrow.get("/v1/models").json()["limits"]["clip_pixels"]
    side = 2 * (int(most**0.5) // 2 + 1)
    data = clip(tmp_path, size=(side, side), times=(0,), sound=())
    refused(narrow.post("/v1/clips", content=data), 422, f"{side}x{side}")


def test_the_queue_is_full(narrow: httpx.Client, tmp_path: Path) -> None:
    data, short = _slow(tmp_path), clip(tmp_path)
    before = outcomes(narrow, "refused")
    addresses = [sent(narrow, data) for _ in range(2)]
    answer = narrow.post("/v1/clips", content=short)
    refused(answer, 429, "too many clips")
    assert int(answer.headers["retry-after"]) >= 1
    assert outcomes(narrow, "refused") == before + 1
    for address in addresses:
        narrow.delete(address)
    assert becomes(lambda: shown(narrow, "derain_clip_queue") == 0)


def _slow(folder: Path) -> bytes:
    """A clip of few bytes and many frames."""
    data = clip(folder, "slow.mp4", times=tuple(range(0, 1500 * 512, 512)), sound=())
    assert len(data) < MOST
    return data


def test_a_client_that_leaves_while_it_sends(narrow: httpx.Client) -> None:
    """Its place and its disk are free again."""
    before = outcomes(narrow, "left")
    with socket.create_connection((narrow.base_url.host, narrow.base_url.port), 5) as raw:
        head = b"POST /v1/clips HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n"
        raw.sendall(head + bytes(50_000))
        assert becomes(lambda: disk(narrow) == 50_000)
        assert shown(narrow, "derain_clip_queue") == 1
    assert becomes(lambda: disk(narrow) == 0)
    assert shown(narrow, "derain_clip_queue") == 0
    assert outcomes(narrow, "left") == before + 1


def test_the_disk_is_full(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would take more than its share fails, and tells so; the server goes on."""
    monkeypatch.setattr("derain.serve.clips.jobs.MIB", 100_000)
    with serving(clip_folder=tmp_path / "kept", clip_disk=1) as client:
        data = clip(tmp_path, times=tuple(range(0, 96 * 512, 512)), sound=())
        address = sent(client, data, "?codec=ffv1&format=mkv")
        told = ended(client, address)
        assert told["status"] == "failed"
        assert "disk" in told["problem"]
        answer = client.get(f"{address}/result")
        refused(answer, 409, "disk")
        assert becomes(lambda: disk(client) == 0)
        assert not left(tmp_path / "kept")
        assert ended(client, sent(client, clip(tmp_path, sound=())))["status"] == "done"


def test_work_that_takes_too_long(serving: Serving, tmp_path: Path) -> None:
    """It fails, tells so, and the next one gets its turn; what waits does not grow late."""
    with serving(clip_folder=tmp_path / "kept", clip_deadline=5) as client:
        first, second = (sent(client, data) for data in (long_clip(tmp_path), clip(tmp_path)))
        told = ended(client, first)
        assert told["status"] == "failed"
        assert "5 seconds" in told["problem"]
        refused(client.get(f"{first}/result"), 409, "5 seconds")
        assert ended(client, second)["status"] == "done"
        assert outcomes(client, "failed") == 1
        client.delete(second)
        assert becomes(lambda: disk(client) == 0)
        assert not left(tmp_path / "kept")


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"clip_queue": 0}, "--clip-queue 0"), ({"memory": 512}, "--memory")],
)
def test_a_server_without_clips(settings: dict[str, int], words: str, serving: Serving) -> None:
    with serving(**settings) as client:
        _takes_none(client, words)


def test_without_the_extra(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derain.serve.workshop.video_installed", lambda: False)
    with serving() as client:
        _takes_none(client, "pip install 'derain[video]'")


def _takes_none(client: httpx.Client, words: str) -> None:
    for method, address in (("POST", ""), ("GET", "/a"), ("DELETE", "/a"), ("GET", "/a/result")):
        refused(client.request(method, f"/v1/clips{address}"), 501, words)
    told = client.get("/v1/models").json()
    assert told["clips"] is False
    assert set(told["limits"]) == {"bytes", "pixels"}
    assert not [path for path in client.get("/openapi.json").json()["paths"] if "clips" in path]


def test_it_is_not_imported_for_pictures() -> None:
    """Who serves pictures only does not pay for FFmpeg."""
    code = "import sys, derain.serve.app; assert not {'av', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_addresses_and_methods(narrow: httpx.Client) -> None:
    refused(narrow.get("/v1/clips"), 405, "another method")
    refused(narrow.put("/v1/clips/a"), 405, "another method")
    refused(narrow.post("/v1/clips/a/result"), 405, "another method")
