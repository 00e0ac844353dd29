"""Damaged, hostile and odd files: a typed error of one line, or the picture; nothing else."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from derain.errors import InvalidImageError
from derain.media import decode_picture, encode_picture

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

RNG = np.random.default_rng(0)
SMALL = RNG.integers(0, 256, (24, 31, 3)).astype(np.uint8)


def encoded(kind: str) -> bytes:
    buffer = BytesIO()
    Image.fromarray(SMALL).save(buffer, kind)
    return buffer.getvalue()


FILES = {kind: encoded(kind) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "AVIF")}


def read(data: bytes) -> NDArray[np.uint8] | None:
    """The picture, or None where it was refused with one line."""
    try:
        picture = decode_picture(data, "file.img")
    except InvalidImageError as error:
        if not str(error).startswith("file.img") or "\n" in str(error):
            raise
        return None
    return picture.colour


@pytest.mark.parametrize("kind", FILES)
def test_truncated(kind: str) -> None:
    """Cut at every fiftieth: never a picture with missing rows."""
    data = FILES[kind]
    whole = read(data)
    assert whole is not None
    for part in range(50):
        got = read(data[: len(data) * part // 50])
        assert got is None or np.array_equal(got, whole)


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=8)
)
@pytest.mark.filterwarnings("ignore")
def test_flipped_bytes(kind: str, flips: list[tuple[int, int]]) -> None:
    data = bytearray(FILES[kind])
    for place, change in flips:
        data[place % len(data)] ^= change
    got = read(bytes(data))
    assert got is None or got.ndim == 3


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_noise_is_no_picture(data: bytes) -> None:
    assert read(data) is None


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"GIF89a" + b"\x00" * 50, b"%PDF-1.4", b"<svg></svg>"]
)
def test_other_files(data: bytes) -> None:
    assert read(data) is None


def test_bombs_are_refused() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body
    with pytest.raises(InvalidImageError, match="megapixels, which is refused"):
        decode_picture(bomb)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@settings(max_examples=40, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4)
)
@pytest.mark.filterwarnings("ignore")
def test_flipped_bytes_of_deep_files(kind: str, flips: list[tuple[int, int]]) -> None:
    picture = decode_picture(FILES["PNG"])
    from dataclasses import replace

    deep = replace(picture, colour=picture.colour.astype(np.uint16) * 257, format=kind)
    data = bytearray(encode_picture(deep))
    for place, change in flips:
        data[place % len(data)] ^= change
    got = read(bytes(data))
    assert got is None or got.ndim == 3
