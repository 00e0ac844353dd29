"""What the page makes of a picture is what Python makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from derain import Derainer
from derain.metrics import turn
from tests.conftest import Pixels
from tests.web.host import Host
from tests.web.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZES = [(1, 1), (2, 65), (31, 33), (300, 451)]


@pytest.fixture(scope="module")
def derainer() -> Derainer:
    return Derainer("fast", backend="onnxruntime", threads=1)


def of_size(photo: Pixels, height: int, width: int) -> Pixels:
    return np.asarray(Image.fromarray(photo).resize((width, height), Image.Resampling.BICUBIC))


def difference(path: Path, expected: Pixels) -> int:
    with Image.open(path) as image:
        result = np.asarray(image.convert("RGB"))
    assert result.shape == expected.shape
    return int(np.abs(result.astype(int) - expected).max())


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size(
    page: Page, photo: Pixels, derainer: Derainer, tmp_path: Path, height: int, width: int
) -> None:
    rainy = of_size(photo, height, width)
    Image.fromarray(rainy).save(tmp_path / "photo.png")
    page.choose(tmp_path / "photo.png")
    page.wait_done()
    expected = derainer(rainy)
    assert (height, width) == (1, 1) or not np.array_equal(rainy, expected)
    assert difference(page.download(), expected) <= 1


def test_in_tiles(page: Page, photo: Pixels, derainer: Derainer, tmp_path: Path) -> None:
    """On a machine with little memory; no seams, since Python has it in one."""
    rainy = of_size(photo, 639, 803)
    Image.fromarray(rainy).save(tmp_path / "photo.png")
    with page.pretending(deviceMemory=1):
        page.visit()
        page.choose(tmp_path / "photo.png")
        page.wait(lambda: "of 3" in page.text(".status"))
        page.wait_done()
    assert difference(page.download(), derainer(rainy)) <= 1


def test_a_large_picture_is_looked_at_again(
    page: Page,
    photo: Pixels,
    derainer: Derainer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At a half and a quarter of its size, whose last squares are cut off."""
    rainy = of_size(photo, 1282, 1299)
    Image.fromarray(rainy).save(tmp_path / "photo.png")
    page.choose(tmp_path / "photo.png")
    page.wait_done()
    expected = derainer(rainy)
    got = page.download()
    assert difference(got, expected) <= 1
    monkeypatch.setattr("derain.restore.looks.reductions", lambda height, width: ())
    assert difference(got, derainer(rainy)) > 8


@pytest.mark.parametrize("degrees", [90, 60])
def test_rain_that_falls_sideways(
    page: Page, derainer: Derainer, tmp_path: Path, degrees: int
) -> None:
    with Image.open(EXAMPLES / "rainy.jpg") as example:
        rainy = np.ascontiguousarray(turn(np.asarray(example), degrees)[60:360, 60:360])
    Image.fromarray(rainy).save(tmp_path / "photo.png")
    page.choose(tmp_path / "photo.png")
    page.wait_done()
    got = page.download()
    assert difference(got, derainer(rainy)) <= 1
    assert difference(got, derainer.without_turning()(rainy)) > 20


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_grey_and_alpha(
    page: Page, photo: Pixels, derainer: Derainer, tmp_path: Path, mode: str
) -> None:
    rainy = Image.fromarray(of_size(photo, 60, 90)).convert(mode)
    if "A" in mode:  # seen, or not at all; what lies between is rounded by the browser
        rainy.putalpha(Image.linear_gradient("L").resize(rainy.size).point(lambda a: a and 255))
    rainy.save(tmp_path / "photo.png")
    page.choose(tmp_path / "photo.png")
    page.wait_done()
    with Image.open(page.download()) as result:
        given = np.asarray(result.convert("RGBA")).astype(int)
    wanted = np.asarray(derainer(rainy).convert("RGBA"))
    assert np.array_equal(given[..., 3], wanted[..., 3])
    seen = wanted[..., 3] > 0
    assert np.abs(given - wanted)[seen].max() <= 1


def test_with_threads(
    built: Path, page: Page, photo: Pixels, derainer: Derainer, tmp_path: Path
) -> None:
    """On a host that sends the headers for them."""
    rainy = of_size(photo, 300, 451)
    Image.fromarray(rainy).save(tmp_path / "photo.png")
    with Host(built, isolated=True) as host, page.pretending(hardwareConcurrency=4):
        page = Page(page.chrome, host.address, page.downloads)
        page.visit()
        assert page.chrome.execute_script("return crossOriginIsolated")
        page.choose(tmp_path / "photo.png")
        page.wait_done()
        assert difference(page.download(), derainer(rainy)) <= 1
        # The pace is kept for each number of threads apart.
        kept = page.chrome.execute_script("return Object.keys(localStorage)")
        assert [key for key in kept if key.endswith(".2")], kept
