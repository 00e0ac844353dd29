"""The page of ``derain serve``, with that server as its engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import Derainer
from derain.media import Picture, read_picture, write_picture
from tests.web.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.alone]


def test_sixteen_bits_through_the_server(
    served: Served,
    photo: NDArray[np.uint8],
    fast: Derainer,
    tmp_path: Path,
) -> None:
    """What a browser could not keep comes back as the command line would write it."""
    deep = np.ascontiguousarray(photo[:45, :61]).astype(np.uint16) * 257
    write_picture(Picture(deep, format="TIFF"), tmp_path / "deep.tif")
    with served() as (_, page):
        page.wait_for_server()
        page.choose(tmp_path / "deep.tif")
        page.wait_done()
        page.pick("format", "tif")
        got = read_picture(page.download())
    assert got.deep
    assert np.array_equal(got.colour, fast(deep))
