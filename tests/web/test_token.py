"""The page of a server that works for those who have its token."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("av")

from tests.clips.made import read
from tests.conftest import Pixels
from tests.serve.clips import FRAMES, clip
from tests.web.conftest import Served
from tests.web.test_clips import phases
from tests.web.test_looks import violations

pytestmark = [pytest.mark.browser, pytest.mark.alone]


def test_a_token_opens_the_server(
    served: Served,
    axe: str,
    tmp_path: Path,
) -> None:
    """Asked for on the page; then pictures, clips and plain links to results work, after a reload
    as well, and nothing of the token stays in the page."""
    clip(tmp_path)
    with served(token="s3cret", clip_folder=tmp_path / "kept") as (_, page):
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
        page.wait_for_server()
        assert not page.all(".token")
        page.reload()
        page.wait_for_server()
        script = "return [document.cookie, JSON.stringify(localStorage), location.href].join()"
        assert "s3cret" not in page.chrome.execute_script(script)
        (cookie,) = page.cdp("Network.getCookies", urls=[f"{page.address}/v1/session"])["cookies"]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
        assert "s3cret" not in cookie["value"]

        page.choose(tmp_path / "rain.mp4")
        page.wait(lambda: phases(page) == ["done"])
        assert len(read(page.download(".clips a")).times) == FRAMES


def test_a_session_that_ends_is_begun_again(served: Served, photo: Pixels, tmp_path: Path) -> None:
    """As by a new token: the page asks for it, and does what had been refused."""
    rainy = tmp_path / "rainy.png"
    Image.fromarray(photo[:64, :80]).save(rainy)
    with served(token="s3cret") as (_, page):
        page.wait(lambda: page.all(".token"))
        page.one(".token input").send_keys("s3cret\n")
        page.wait_for_server()
        page.cdp("Network.clearBrowserCookies")
        page.choose(rainy)
        page.wait(lambda: page.all(".token"))
        assert "wants its token again" in page.text("main")
        page.one(".token input").send_keys("s3cret\n")
        page.wait(lambda: not page.all(".token"))
        page.wait_done()
