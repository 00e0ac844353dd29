"""A visit, from the first picture to its file; the real page in Debian's chromium."""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys

from derain import Derainer
from tests.conftest import Pixels
from tests.web.host import Host
from tests.web.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def rainy(photo: Pixels, tmp_path: Path) -> Path:
    """A small picture in a file; 61x45."""
    path = tmp_path / "rainy.png"
    Image.fromarray(photo).resize((61, 45)).save(path)
    return path


@pytest.fixture
def large(photo: Pixels, tmp_path: Path) -> Path:
    """One that is in work for a while; 1600x1200."""
    path = tmp_path / "large.png"
    Image.fromarray(photo).resize((1600, 1200)).save(path)
    return path


def pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_choose_look_and_save(page: Page, rainy: Path) -> None:
    """One visit for all of it, since it takes seconds to begin."""
    page.choose(rainy)
    page.wait_done()
    assert page.text(".panel h2") == "rainy.png"

    slider = page.one(".slider")
    shown = page.picture(".stage")
    slider.send_keys(*[Keys.ARROW_RIGHT] * 20)
    assert float(slider.get_attribute("value")) == 60
    assert page.picture(".stage") != shown
    slider.send_keys(Keys.HOME)
    assert float(slider.get_attribute("value")) == 0

    frame = page.one(".frame")
    assert page.text(".zoom .percent") == "200%"
    frame.send_keys("+", "+", Keys.ARROW_LEFT)
    page.wait(lambda: page.text(".zoom .percent") == "313%")
    page.press(".zoom button[aria-label='Zoom in']")
    wheel = ScrollOrigin.from_element(frame)
    ActionChains(page.chrome).scroll_from_origin(wheel, 0, -2000).perform()
    page.wait(lambda: page.text(".zoom .percent") == "400%")
    assert not page.one(".zoom button[aria-label='Zoom in']").is_enabled()
    frame.send_keys("0")
    page.wait(lambda: page.text(".zoom .percent") == "200%")

    whole = page.picture(".stage")
    for view in ("rain", "difference"):
        page.one(f"input[value={view}]").send_keys(Keys.SPACE)
        page.wait(lambda: page.picture(".stage") != whole)
    page.one("input[value=clean]").send_keys(Keys.SPACE)

    before, full = pixels(rainy).astype(float), pixels(page.download())
    page.set_range(".strength", 30)
    page.wait(lambda: page.one(".strength").find_element("xpath", "..").text.endswith("30%"))
    some = pixels(page.download())
    assert np.abs(some - (before - 0.3 * (before - full))).max() <= 0.5
    assert np.abs(some - Derainer("fast", strength=0.3)(pixels(rainy)).astype(int)).max() <= 1
    page.set_range(".strength", 0)
    assert np.array_equal(pixels(page.download()), before)

    for suffix in ("webp", "jpg"):
        page.pick("format", suffix)
        page.set_range(".quality", 100)
        path = page.download()
        assert path.name.startswith("rainy.derained") and path.suffix == f".{suffix}"
        assert np.abs(pixels(path) - before).mean() < 3


def test_drop_several_and_take_the_zip(page: Page, rainy: Path, tmp_path: Path) -> None:
    page.drop(rainy)
    page.wait(lambda: page.phases())
    other = tmp_path / "a" / "rainy.png"
    other.parent.mkdir()
    Image.fromarray(255 - pixels(rainy)).save(other)
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    broken = tmp_path / "broken.png"
    broken.write_bytes(rainy.read_bytes()[:100])
    page.choose(other, text, broken)
    page.wait(lambda: page.phases() == ["done", "done", "failed"])
    assert "notes.txt" in page.text(".message")
    with zipfile.ZipFile(page.download(".zip")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["rainy.derained.png", "rainy.derained (2).png"]
        for name, file in zip(archive.namelist(), (rainy, other), strict=True):
            with Image.open(BytesIO(archive.read(name))) as image:
                result = np.asarray(image.convert("RGB")).astype(int)
            assert np.abs(result - Derainer("fast")(pixels(file))).max() <= 1
    page.press(".strip li:nth-child(3) .thumbnail")
    page.wait(lambda: "cannot read" in page.text(".status"))
    for left in (2, 1, 0):
        page.chrome.execute_script("document.querySelector('.remove').click()")
        page.wait(lambda left=left: len(page.phases()) == left)
    page.wait(lambda: page.all(".welcome"))


def test_paste(page: Page) -> None:
    """From the clipboard of the system."""
    allowed = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    page.cdp("Browser.grantPermissions", permissions=allowed)
    page.chrome.execute_async_script(
        """
        const done = arguments[0];
        const canvas = new OffscreenCanvas(40, 30);
        canvas.getContext("2d").fillRect(0, 0, 20, 30);
        canvas.convertToBlob().then((png) =>
            navigator.clipboard.write([new ClipboardItem({"image/png": png})])).then(done, done);
        """
    )
    page.one("body").send_keys(Keys.CONTROL, "v")
    page.wait_done()


def test_cancel_and_start_again(page: Page, large: Path, rainy: Path) -> None:
    page.choose(large, rainy)
    page.wait(lambda: page.all(".status .cancel"))
    time.sleep(1)
    page.press(".status .cancel")
    page.wait(lambda: page.phases()[0] == "stopped")
    assert "Stopped" in page.text(".status")
    page.wait(lambda: page.phases() == ["stopped", "done"])  # the next one went on
    assert not page.one(".download").is_enabled()
    page.press(".status button")
    page.wait(lambda: page.phases() == ["running", "done"])


def test_remove_leaves_the_focus_in_the_list(page: Page, rainy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(rainy.read_bytes())
    page.choose(rainy, other)
    page.wait(lambda: len(page.phases()) == 2)
    focused = "return document.activeElement.getAttribute(arguments[0])"
    page.one(".strip li:last-child .remove").send_keys(Keys.ENTER)
    page.wait(lambda: len(page.phases()) == 1)
    page.wait(lambda: page.chrome.execute_script(focused, "aria-label") == "Remove rainy.png")
    page.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: page.all(".welcome"))
    page.wait(lambda: page.chrome.execute_script(focused, "type") == "file")


def test_large_pictures_have_a_preview(page: Page, photo: Pixels, tmp_path: Path) -> None:
    path = tmp_path / "mosaic.png"
    mosaic = np.tile(photo, (7, 5, 1))
    assert mosaic.size > 3 * 4e6
    Image.fromarray(mosaic).save(path, compress_level=1)
    page.choose(path)
    page.wait(lambda: "Preview" in page.text(".status"))
    before = page.picture(".stage")
    page.wait(lambda: "Preview shown" in page.text(".status"))
    assert re.search(r"Tile 1 of \d+ · about \d+ (sec|min) left", page.text(".status"))
    assert page.picture(".stage") != before
    page.press(".status .cancel")
    page.wait(lambda: page.phases() == ["stopped"])


def test_exif_stays_upright(page: Page, photo: Pixels, tmp_path: Path) -> None:
    """A JPEG that lies on its side, grey, with Exif, beside what it cannot keep."""
    image = Image.fromarray(photo).resize((60, 40)).convert("L")
    exif = Image.Exif()
    exif[Base.Orientation], exif[Base.Make] = 6, "a camera"
    exif.get_ifd(IFD.Exif)[Base.ExifImageWidth] = 60
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:11:27 03:00:00"
    image.save(tmp_path / "side.jpg", exif=exif, xmp=b"<x/>")
    page.choose(tmp_path / "side.jpg")
    page.wait_done()
    assert "XMP" in page.text(".notes")
    path = page.download()
    with Image.open(path) as result:
        assert result.size == (40, 60)
        kept = result.getexif()
        assert (kept[Base.Orientation], kept[Base.Make]) == (1, "a camera")
        assert kept.get_ifd(IFD.Exif)[Base.ExifImageWidth] == 40
        assert kept.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2026:11:27 03:00:00"
        colours = np.asarray(result.convert("RGB")).astype(int)
    assert np.ptp(colours, axis=2).max() == 0  # grey stays grey
    page.pick("format", "png")
    page.wait(lambda: "Exif and other metadata are left out" in page.text(".notes"))


def test_offline_and_to_nobody_else(host: Host, page: Page, rainy: Path) -> None:
    page.chrome.get_log("performance")
    page.chrome.refresh()
    page.wait(lambda: page.all(".welcome"))
    page.chrome.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
    page.wait(lambda: page.chrome.execute_script("return !!navigator.serviceWorker.controller"))
    asked = page.requests()
    assert asked
    assert [a for a in asked if not a.startswith((host.address, "blob:" + host.address))] == []
    host.stop()
    page.chrome.refresh()
    page.wait(lambda: page.all(".example"))
    # What the service worker answers with lets the page use threads.
    assert page.chrome.execute_script("return crossOriginIsolated")
    page.choose(rainy)
    page.wait_done()
    assert np.abs(pixels(page.download()) - Derainer("fast")(pixels(rainy)).astype(int)).max() <= 1
