"""What the page makes of a picture is what Python makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from derain import Derainer
from tests.conftest import Pixels
from tests.web.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [(1, 1), (2, 65), (31, 33), (300, 451), (517, 803)]


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
