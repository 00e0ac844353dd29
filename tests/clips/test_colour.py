"""YUV and RGB against the formulas of the standards, not against ourselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

av = pytest.importorskip("av")

from derain.clips.colour import Converter, Samples, matrix_of  # noqa: E402
from derain.clips.work import ClipJob, ClipOptions, derain_clip  # noqa: E402
from tests.clips.made import EachFrame  # noqa: E402

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
    converter = Converter(Samples(matrix, full, 2, 0))
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
    converter = Converter(Samples(1, False, 1, 1))
    frame = converter.from_rgb(pixels, alpha, "yuva444p10le")
    _, back = converter.to_rgb(frame)
    assert back is not None
    assert np.abs(back.astype(int) - alpha).max() <= 65535 / 1023


@pytest.mark.parametrize("pix_fmt", ["yuva444p10le", "gbrp10le", "gray16le", "gray10le"])
def test_white_and_opaque_stay(pix_fmt: str) -> None:
    """swscale has another white for each kind of format; what came out brighter is not kept."""
    top = (1 << (16 if "16" in pix_fmt else 10)) - 1
    frame = av.VideoFrame(32, 16, pix_fmt)
    for plane in frame.planes:
        count = plane.line_size // 2 * plane.height
        plane.update(np.linspace(0, top, count).astype(np.uint16).tobytes())
    converter = Converter(Samples(1, True, 1, 2))
    colour, alpha = converter.to_rgb(frame)
    again = converter.from_rgb(colour, alpha, pix_fmt)
    kept = range(len(frame.planes)) if pix_fmt != "yuva444p10le" else [3]
    for plane in kept:
        before, after = (
            np.frombuffer(bytes(f.planes[plane]), np.uint16).astype(int) for f in (frame, again)
        )
        assert np.abs(before - after).max() <= (3 if top == 65535 else 0)
    if pix_fmt.startswith("gray"):
        seen = np.frombuffer(bytes(frame.planes[0]), np.uint16)[:32] * (65535 / top)
        assert np.abs(colour[0, :, 0] - seen).max() <= 1


def test_deep_grey_does_not_grow_brighter(tmp_path: Path) -> None:
    source, result = tmp_path / "a.mkv", tmp_path / "b.mkv"
    ramp = np.broadcast_to(np.linspace(0, 65535, 128).astype(np.uint16), (32, 128))
    with av.open(str(source), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 32, "gray16le"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(ramp), "gray16le")))
        out.mux(stream.encode(None))
    derain_clip(ClipJob(source, {"clean": result}, EachFrame(np.copy), {}))
    with av.open(str(result)) as container:
        frame = next(container.decode(video=0))
    assert frame.format.name == "gray16le"
    assert np.abs(frame.to_ndarray().astype(int) - ramp).max() <= 3


@pytest.mark.parametrize(
    ("encoder", "pix_fmt", "codec"),
    [
        ("libx264", "yuv420p", "ffv1"),
        ("libx264", "yuv422p", None),
        ("libx265", "yuv420p", "ffv1"),
        ("ffv1", "yuv420p", None),
        ("mjpeg", "yuvj420p", None),
    ],
)
def test_chroma_stays_in_its_place(
    encoder: str, pix_fmt: str, codec: str | None, tmp_path: Path
) -> None:
    """swscale moves it where one way goes by a mark and the other has none."""
    source, result = tmp_path / "a.mkv", tmp_path / "b.mkv"
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    texture = Image.fromarray(noise).resize((192, 128), Image.Resampling.BICUBIC)
    options = {"crf": "8"} if encoder.startswith("libx") else {}
    with av.open(str(source), "w") as out:
        stream = out.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 192, 128, pix_fmt
        frame = av.VideoFrame.from_image(texture).reformat(format=pix_fmt)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    derain_clip(
        ClipJob(source, {"clean": result}, EachFrame(np.copy), {}, ClipOptions(codec=codec))
    )
    for plane in (1, 2):
        before, after = (_plane(path, plane) for path in (source, result))
        slope = (before[2:-2, 3:-1] - before[2:-2, 1:-3]) / 2
        moved = (after - before)[2:-2, 2:-2]
        assert abs((slope * moved).sum() / (slope**2).sum()) < 0.05


def _plane(path: Path, index: int) -> NDArray[np.float64]:
    with av.open(str(path)) as container:
        plane = next(container.decode(video=0)).planes[index]
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].astype(float)


def test_unmarked_clips_are_guessed_by_size() -> None:
    assert matrix_of(2, 1920, 1080) == 1
    assert matrix_of(2, 640, 480) == 5
    assert matrix_of(9, 640, 480) == 9


FIRST = (220, 40, 60)


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    ("encoder", "pix_fmt", "name", "codec"),
    [
        ("libx264rgb", "rgb24", "a.mkv", None),
        ("png", "rgb24", "a.mov", "hevc"),
        ("png", "rgb24", "a.mov", "vp8"),
        ("ffv1", "bgr0", "a.mkv", "h264"),
        ("libvpx", "yuv420p", "a.webm", "h264"),
        ("libvpx", "yuv420p", "a.webm", None),
        ("libx264", "yuv420p", "a.mkv", "vp8"),
        ("libx264", "yuv420p", "a.mkv", "mjpeg"),
        ("mjpeg", "yuvj420p", "a.mkv", "h264"),
    ],
)
def test_a_result_says_what_its_samples_are(
    encoder: str, pix_fmt: str, name: str, codec: str | None, width: int, tmp_path: Path
) -> None:
    """By its marks, and by size where it has none, a player shows the colour that went in."""
    source, result = tmp_path / name, tmp_path / f"clean{'.mkv' if codec else name[1:]}"
    # What a clip without marks is taken for; the other codecs say or have no matrix.
    matrix = 1 if encoder == "libx264" and width == 1280 else 5
    with av.open(str(source), "w") as out:
        stream = out.add_stream(encoder, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, 64, pix_fmt
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((64, width, 3), FIRST, np.uint8), "rgb24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace=matrix)
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    derain_clip(
        ClipJob(source, {"clean": result}, EachFrame(np.copy), {}, ClipOptions(codec=codec))
    )
    with av.open(str(result)) as container:
        shown = next(container.decode(video=0))
    wide = shown.color_range == 2 or shown.format.name.startswith("yuvj")
    by_size = 1 if width >= 1280 else 5
    known = {1: 1, 2: by_size, 5: 5, 6: 5}[shown.colorspace]
    samples = [bytes(plane)[0] for plane in list(shown.planes)[:3]]
    assert np.abs(np.subtract(samples, yuv(FIRST, known, wide, 8))).max() <= 3
