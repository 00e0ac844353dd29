"""The page of ``derain serve``, with that server as its engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium import webdriver

from derain import Derainer
from derain.media import Picture, read_picture, write_picture
from tests.clips.made import read
from tests.serve.clips import FRAMES, clip
from tests.serve.conftest import Serving, serving  # noqa: F401 - a fixture
from tests.web.page import served, visited
from tests.web.test_clips import phases
from tests.web.test_looks import violations

pytestmark = [pytest.mark.browser, pytest.mark.alone]


def test_sixteen_bits_through_the_server(
    built: Path,
    serving: Serving,  # noqa: F811
    chromium: webdriver.Chrome,
    photo: NDArray[np.uint8],
    fast: Derainer,
    tmp_path: Path,
) -> None:
    """What a browser could not keep comes back as the command line would write it."""
    deep = np.ascontiguousarray(photo[:45, :61]).astype(np.uint16) * 257
    write_picture(Picture(deep, format="TIFF"), tmp_path / "deep.tif")
    with serving() as client:
        page = served(client, chromium)
        page.choose(tmp_path / "deep.tif")
        page.wait_done()
        page.pick("format", "tif")
        got = read_picture(page.download())
    assert got.deep
    assert np.array_equal(got.colour, fast(deep))


def test_a_token_opens_the_server(
    built: Path,
    serving: Serving,  # noqa: F811
    chromium: webdriver.Chrome,
    axe: str,
    tmp_path: Path,
) -> None:
    """Asked for on the page; then pictures, clips and plain links to results work, after a reload
    as well, and nothing of the token stays in the page."""
    pytest.importorskip("av")
    clip(tmp_path)
    with serving(token="s3cret", clip_folder=tmp_path / "kept") as client:
        page = visited(client, chromium)
        page.wait(lambda: page.all(".token"))
        assert "in your browser" in page.text(".private")
        assert violations(page, axe) == []
        for wrong in ("s3cre", "\u96e8"):
            page.one(".token input").clear()
            page.one(".token input").send_keys(wrong)
            page.press(".token button")
            page.wait(lambda: "did not take" in page.text(".message"))
            page.press(".message button")
            page.wait(lambda: not page.all(".message"))
        page.one(".token input").clear()
        page.one(".token input").send_keys("s3cret\n")
        page.wait(lambda: "go to" in page.text(".private"))
        assert not page.all(".token")
        page.reload()
        page.wait(lambda: "go to" in page.text(".private"))
        script = "return [document.cookie, JSON.stringify(localStorage), location.href].join()"
        assert "s3cret" not in page.chrome.execute_script(script)
        (cookie,) = page.cdp("Network.getCookies", urls=[f"{page.address}/v1/session"])["cookies"]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
        assert "s3cret" not in cookie["value"]

        page.choose(tmp_path / "rain.mp4")
        page.wait(lambda: phases(page) == ["done"])
        assert len(read(page.download(".clips a")).times) == FRAMES
