"""Clips over HTTP: from the first byte to the last, and what is told meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("av")

from derain.cli.main import run
from tests.clips.made import read
from tests.serve.clips import FRAMES, clip, disk, ended, left, long_clip, outcomes, sent, status
from tests.serve.conftest import Serving, becomes, encoded, shown

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps clips."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def client(serving: Serving, folder: Path) -> Iterator[httpx.Client]:
    """A client of a server that keeps clips there."""
    with serving(clip_folder=folder) as client:
        yield client


def test_the_life_of_a_clip(client: httpx.Client, folder: Path, tmp_path: Path) -> None:
    """The result is that of the command line, its sound untouched; afterwards nothing is left."""
    data = clip(tmp_path)
    begun = client.post("/v1/clips", files={"clip": ("a b.mp4", data, "video/mp4")})
    assert begun.status_code == 202
    assert begun.json()["status"] in ("waiting", "working")
    assert begun.json()["seconds_kept"] is None
    address = begun.headers["location"]
    told = ended(client, address)
    assert told["status"] == "done", told
    assert (told["frames_done"], told["frames"]) == (FRAMES, FRAMES)
    assert told["frames_per_second"] > 0
    assert (told["partial"], told["problem"], told["notes"]) == (False, None, [])
    assert 3500 < told["seconds_kept"] <= 3600

    result = client.get(f"{address}/result")
    assert result.status_code == 200
    assert result.headers["content-type"] == "video/mp4"
    assert int(result.headers["content-length"]) == len(result.content)
    assert result.headers["content-disposition"].endswith("''a%20b.derained.mp4")
    assert result.headers["derain-model"] == "fast"
    assert result.headers["cache-control"] == "no-store"
    (tmp_path / "served.mp4").write_bytes(result.content)
    assert disk(client) == len(result.content)

    same = ["--model", "fast", "--backend", "onnxruntime", "--threads", "1"]
    assert run([str(tmp_path / "rain.mp4"), "-o", str(tmp_path / "dry.mp4"), *same]) == 0
    served, sent_one = read(tmp_path / "served.mp4"), read(tmp_path / "rain.mp4")
    assert served == read(tmp_path / "dry.mp4")
    assert (served.times, served.others) == (sent_one.times, sent_one.others)
    assert len(served.others[0][1]) > 10  # packets of sound

    assert client.delete(address).status_code == 204
    assert disk(client) == 0
    assert not left(folder)
    for gone in (client.get(address), client.get(f"{address}/result"), client.delete(address)):
        assert gone.status_code == 404
        assert "no such clip" in gone.json()["error"]


@pytest.mark.parametrize(
    ("query", "name", "kind", "codec"),
    [
        ("", "a.mkv", "video/x-matroska", "h264"),
        ("?format=webm&codec=vp9&crf=40", "a.mp4", "video/webm", "vp9"),
        ("?format=mkv&codec=h265&strength=0.5&model=base", "a.mov", "video/x-matroska", "hevc"),
        ("?save=rain", "a.mp4", "video/mp4", "h264"),
    ],
)
def test_options(
    query: str, name: str, kind: str, codec: str, client: httpx.Client, tmp_path: Path
) -> None:
    address = sent(client, clip(tmp_path, name), query)
    told = ended(client, address)
    assert told["status"] == "done", told
    result = client.get(f"{address}/result")
    assert result.headers["content-type"] == kind
    ending = result.headers["content-disposition"].rpartition(".")[2]
    assert ("rain." in result.headers["content-disposition"]) == ("rain" in query)
    (tmp_path / f"result.{ending}").write_bytes(result.content)
    made = read(tmp_path / f"result.{ending}")
    assert (made.codec, len(made.times)) == (codec, FRAMES)
    assert client.delete(address).status_code == 204


def test_a_damaged_clip(client: httpx.Client, tmp_path: Path) -> None:
    """What can be had is there, and what is missing is told without a name of the server's."""
    data = clip(tmp_path, "a.mkv", times=tuple(range(0, 40 * 512, 512)), sound=())
    address = sent(client, data[: len(data) * 2 // 3])
    told = ended(client, address)
    assert (told["status"], told["partial"]) == ("done", True)
    assert told["problem"].startswith("the clip: damaged: ")
    assert told["problem"].endswith(f"{told['frames_done']} frames are in the result")
    result = client.get(f"{address}/result")
    (tmp_path / "result.mkv").write_bytes(result.content)
    assert 0 < len(read(tmp_path / "result.mkv").times) == told["frames_done"] < 40
    assert outcomes(client, "partial") == 1
    client.delete(address)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=5-99999999999", 206, slice(5, None)),
        ("bytes=9-5", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=-0", 416, None),
        ("bytes=99999999-", 416, None),
    ],
)
def test_ranges(asked: str, status: int, part: slice | None, result: httpx.Response) -> None:
    """One range is sent, several or a broken one mean all, as RFC 9110 lets a server do."""
    request = result.request
    answer = httpx.get(request.url, headers={"range": asked})
    assert answer.status_code == status
    if part is None:
        assert answer.headers["content-range"] == f"bytes */{len(result.content)}"
        assert str(len(result.content)) in answer.json()["error"]
    else:
        assert answer.content == result.content[part]
        assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.fixture(scope="module")
def result(
    client: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Response]:
    """The whole result of a clip."""
    address = sent(client, clip(tmp_path_factory.mktemp("made")))
    assert ended(client, address)["status"] == "done"
    yield client.get(f"{address}/result")
    client.delete(address)


def test_ids(client: httpx.Client, tmp_path: Path) -> None:
    """They cannot be guessed, and others lead nowhere."""
    data = clip(tmp_path)
    ids = {sent(client, data).rpartition("/")[2] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(name) >= 24 for name in ids)
    for name in ("1", "%2e%2e", "..%2f..%2fetc%2fpasswd", next(iter(ids))[:-1], "%00", "a%0a"):
        for address in (f"/v1/clips/{name}", f"/v1/clips/{name}/result"):
            assert client.get(address).status_code == 404, address
        assert client.delete(f"/v1/clips/{name}").status_code == 404
    for name in ids:
        assert client.delete(f"/v1/clips/{name}").status_code == 204


def test_no_result_so_far(client: httpx.Client, tmp_path: Path) -> None:
    address = sent(client, long_clip(tmp_path))
    answer = client.get(f"{address}/result")
    assert answer.status_code == 409
    assert "working" in answer.json()["error"] or "waiting" in answer.json()["error"]
    client.delete(address)


def test_pictures_get_answers_meanwhile(
    client: httpx.Client, small: Pixels, tmp_path: Path, folder: Path
) -> None:
    """While a clip is worked on, and another waits; both are ended, and nothing of them stays."""
    before, data = outcomes(client, "cancelled"), long_clip(tmp_path)
    taken, files = disk(client), left(folder)
    working, waiting = sent(client, data), sent(client, data)
    assert becomes(lambda: client.get(working).json()["frames_done"] > 3)
    told = client.get(working).json()
    assert (told["status"], told["frames"], told["ahead"]) == ("working", 2000, 0)
    assert told["seconds_left"] > 1
    told = client.get(waiting).json()
    assert (told["status"], told["ahead"], told["frames_per_second"]) == ("waiting", 1, None)
    for model in ("fast", "base"):
        answer = client.post(f"/v1/derain?model={model}", content=encoded(small))
        assert answer.status_code == 200
    assert status(client, working) == "working"
    assert shown(client, "derain_clip_queue") == 2
    for address in (waiting, working):
        assert client.delete(address).status_code == 204
        assert client.get(address).status_code == 404
    assert outcomes(client, "cancelled") == before + 2
    assert becomes(lambda: disk(client) == taken)
    assert left(folder) == files
    address = sent(client, clip(tmp_path))
    assert ended(client, address)["status"] == "done"  # the next one's turn comes
    client.delete(address)


def test_results_expire(serving: Serving, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with serving(clip_folder=folder, keep_clips=1.5) as client:
        address = sent(client, clip(tmp_path))
        assert ended(client, address)["seconds_kept"] <= 1.5
        assert client.get(f"{address}/result").status_code == 200
        assert becomes(lambda: client.get(address).status_code == 404)
        assert disk(client) == 0
        assert not left(folder)
    assert not list(folder.iterdir())


def test_the_catalogue(client: httpx.Client) -> None:
    told = client.get("/v1/models").json()
    assert told["clips"] is True
    assert told["limits"]["clip_bytes"] > 1e6
    assert told["limits"]["clip_pixels"] > 320 * 240


def test_names_of_clients(client: httpx.Client, tmp_path: Path) -> None:
    """They name the result, and never a file of the server's."""
    name = "../../../etc/passwd \u96e8.MOV"
    begun = client.post("/v1/clips", files={"clip": (name, clip(tmp_path), "video/mp4")})
    address = begun.headers["location"]
    ended(client, address)
    given = client.get(f"{address}/result").headers["content-disposition"]
    assert unquote(given).endswith("''passwd \u96e8.derained.mp4")
    client.delete(address)
