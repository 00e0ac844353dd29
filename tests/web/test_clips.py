"""Clips on the page: with a server that takes them, and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("av")

from tests.clips.made import read
from tests.serve.clips import FRAMES, clip, disk, long_clip
from tests.serve.conftest import becomes
from tests.web.conftest import Served
from tests.web.page import Page
from tests.web.test_looks import violations

pytestmark = [pytest.mark.browser, pytest.mark.alone]


def phases(page: Page) -> list[str]:
    script = "return [...document.querySelectorAll('.clips li')].map((e) => e.dataset.phase)"
    return list(page.chrome.execute_script(script))


def test_a_clip_through_the_server(
    served: Served,
    axe: str,
    tmp_path: Path,
) -> None:
    """Dropped, derained and downloaded; another one is ended; nothing stays on the server."""
    clip(tmp_path)
    long_clip(tmp_path)
    with served(clip_folder=tmp_path / "kept") as (client, page):
        page.wait_for_server()
        page.drop(tmp_path / "rain.mp4")
        page.wait(lambda: phases(page) == ["done"])
        got = page.download(".clips a")
        assert got.name == "rain.derained.mp4"
        made, rainy = read(got), read(tmp_path / "rain.mp4")
        assert len(made.times) == FRAMES
        assert (made.times, made.others) == (rainy.times, rainy.others)
        assert violations(page, axe) == []

        page.choose(tmp_path / "long.mp4")
        page.wait(lambda: phases(page) == ["done", "working"])
        page.press(".clips li:nth-child(2) button")
        page.wait(lambda: phases(page) == ["done"])
        page.press(".clips li button")
        page.wait(lambda: phases(page) == [])
        assert becomes(lambda: disk(client) == 0)


def test_a_reload_loses_no_clip(
    served: Served,
    tmp_path: Path,
) -> None:
    """What was sent is followed further, and can be ended; what is gone is said to be gone."""
    long_clip(tmp_path)
    with served(clip_folder=tmp_path / "kept") as (client, page):
        page.wait_for_server()
        page.choose(tmp_path / "long.mp4")
        page.wait(lambda: phases(page) == ["working"])
        page.reload()
        page.wait(lambda: phases(page) == ["working"])
        assert page.text(".clips .name") == "long.mp4"
        page.press(".clips li button")
        page.wait(lambda: phases(page) == [])
        assert becomes(lambda: disk(client) == 0)
        page.reload()
        page.wait_for_server()
        assert phases(page) == []

        page.choose(tmp_path / "long.mp4")
        page.wait(lambda: phases(page) == ["working"])
        job = page.chrome.execute_script("return sessionStorage['derain.clips./']")
        client.delete(f"/v1/clips/{json.loads(job)[0]['job']}")
        page.reload()
        page.wait(lambda: phases(page) == ["failed"])
        assert "no such clip here" in page.text(".clips .how")


def test_what_the_server_refuses(
    served: Served,
    tmp_path: Path,
) -> None:
    (tmp_path / "no.mp4").write_bytes(b"nothing of the kind" * 100)
    with served(clip_folder=tmp_path / "kept") as (_, page):
        page.wait_for_server()
        page.choose(tmp_path / "no.mp4")
        page.wait(lambda: phases(page) == ["failed"])
        assert "no clip" in page.text(".clips .how")


def test_without_a_server(page: Page, tmp_path: Path) -> None:
    """It is said plainly, and nothing is done."""
    clip(tmp_path)
    page.drop(tmp_path / "rain.mp4")
    page.wait(lambda: "derain serve" in page.text(".message"))
    assert phases(page) == page.phases() == []
