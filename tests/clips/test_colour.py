"""YUV and RGB against the formulas of the standards, not against ourselves."""

from __future__ import annotations

import numpy as np
import pytest

av = pytest.importorskip("av")

from derain.clips.colour import Converter, matrix_of  # noqa: E402

# Kr and Kb of BT.601, BT.709 and BT.2020, by swscale's numbers of them.
COEFFICIENTS = {5: (0.299, 0.114), 1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}
COLOURS = [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 60), (10, 240, 90), (20, 40, 250)]


def yuv(rgb: tuple[int, int, int], matrix: int, full: bool, bits: int) -> tuple[float, ...]:
    """ITU-R BT.601/709/2020: from 8-bit RGB to samples of ``bits``."""
    kr, kb = COEFFICIENTS[matrix]
    red, green, blue = (value / 255 for value in rgb)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / 2 / (1 - kb), (red - luma) / 2 / (1 - kr)
    scale, top = 1 << (bits - 8), (1 << bits) - 1
    if full:
        return luma * top, cb * top + 128 * scale, cr * top + 128 * scale
    return scale * (16 + 219 * luma), scale * (128 + 224 * cb), scale * (128 + 224 * cr)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", COEFFICIENTS)
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_flat_colours(pix_fmt: str, matrix: int, full: bool) -> None:
    """RGB gives the samples of the standard, and samples come back within one level of 8 bits."""
    deep = pix_fmt.endswith("10le")
    converter = Converter(matrix, full)
    for rgb in COLOURS:
        pixels = np.empty((18, 34, 3), np.uint16 if deep else np.uint8)
        pixels[:] = np.array(rgb) * (257 if deep else 1)
        frame = converter.from_rgb(pixels, None, pix_fmt)
        samples = [_first(frame, plane, deep) for plane in range(3)]
        expected = yuv(rgb, matrix, full, 10 if deep else 8)
        assert np.abs(np.subtract(samples, expected)).max() <= (2 if deep else 1)
        back, alpha = converter.to_rgb(frame)
        assert alpha is None
        assert back.dtype == pixels.dtype
        again = converter.from_rgb(back, None, pix_fmt)
        gap = np.subtract([_first(again, plane, deep) for plane in range(3)], samples)
        assert np.abs(gap).max() <= (2 if deep else 1)
        # 8 bits of full range cannot tell all blues apart: a chroma step is 1.8 levels.
        off = np.abs(back.astype(float) - pixels).max() / (257 if deep else 1)
        assert off <= (1 if not full or deep else 2)


def _first(frame: object, plane: int, deep: bool) -> int:
    data = bytes(frame.planes[plane])  # type: ignore[attr-defined]
    return int(np.frombuffer(data, np.uint16 if deep else np.uint8)[0])


def test_transparency_comes_back() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 65536, (16, 16, 3), np.uint16)
    alpha = rng.integers(0, 65536, (16, 16), np.uint16)
    converter = Converter(1, False)
    frame = converter.from_rgb(pixels, alpha, "yuva444p10le")
    _, back = converter.to_rgb(frame)
    assert back is not None
    assert np.abs(back.astype(int) - alpha).max() <= 65535 / 1023


def test_unmarked_clips_are_guessed_by_size() -> None:
    assert matrix_of(2, 1920, 1080) == 1
    assert matrix_of(2, 640, 480) == 5
    assert matrix_of(9, 640, 480) == 9
