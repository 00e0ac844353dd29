"""Tags of all types and ages: kept as they were, or told."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffImagePlugin

from derain.media import Picture, decode_picture, encode_picture
from derain.media.write import left_out

NAME = "© Müller".encode()
CAPTIONS = b"\x1c\x02x\x00\x05Hello\x1c\x02P\x00\x01A"  # four words of four bytes
ORIENTATION = 274


def saved(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    buffer = BytesIO()
    Image.new(mode, (64, 32), "tan" if mode == "RGB" else 100).save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def again(data: bytes, kind: str | None = None) -> Image.Image:
    picture = decode_picture(data)
    return opened(encode_picture(picture, kind))


def tiff(values: dict[int, Any], compression: str, types: dict[int, int] | None = None) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype.update(types or {})
    for tag, value in values.items():
        tags[tag] = value
    return saved("TIFF", compression=compression, tiffinfo=tags)


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("kind", ["TIFF", "JPEG", "PNG", "WEBP"])
def test_texts_are_the_bytes_they_were(compression: str, kind: str) -> None:
    data = tiff({33432: NAME, 315: NAME}, compression)
    image = again(data, kind)
    for tag in (33432, 315):
        assert image.getexif()[tag].encode("latin-1") == NAME
    if kind != "TIFF":
        back = again(saved(kind, exif=image.info["exif"]), "TIFF")
        assert back.tag_v2[33432].encode("latin-1") == NAME  # type: ignore[attr-defined]


@pytest.mark.parametrize("compression", ["raw", "tiff_adobe_deflate"])
def test_captions_of_whichever_type(compression: str) -> None:
    """libtiff's own type for them is LONG."""
    words = struct.unpack("<4I", CAPTIONS)
    data = bytearray(tiff({33723: CAPTIONS}, "raw", {33723: 7}))
    at = data.index(struct.pack("<HHI", 33723, 7, len(CAPTIONS)))
    struct.pack_into("<HHI", data, at, 33723, 4, len(words))
    if compression != "raw":
        picture = decode_picture(bytes(data))
        assert picture.metadata.tags[33723] == CAPTIONS
        return
    assert again(bytes(data)).tag_v2[33723] == CAPTIONS  # type: ignore[attr-defined]


def test_places_on_the_earth_are_kept_and_other_tags_told() -> None:
    data = tiff({33550: (1.0, 1.0, 0.0), 269: "sheet 7", 34377: b"8BIM", 18246: 5}, "raw")
    picture = decode_picture(data, "a.tif")
    assert picture.notes == ("a.tif: its tags 18246, 34377 are not kept",)
    tags = opened(encode_picture(picture)).tag_v2  # type: ignore[attr-defined]
    assert tags[33550] == (1.0, 1.0, 0.0)
    assert tags[269] == "sheet 7"


def exif(kind: int, value: bytes) -> bytes:
    """A block with an orientation of any type."""
    entry = struct.pack("<HHI", ORIENTATION, kind, 1) + value.ljust(4, b"\0")
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)


@pytest.mark.parametrize(
    ("kind", "value", "turned"),
    [(3, b"\6", True), (4, b"\6", True), (9, b"\6", True), (8, b"\6", True), (2, b"6", False),
     (1, b"\6", False), (7, b"\6", False), (3, b"\x09", False), (3, b"", False)],
)  # fmt: skip
def test_an_orientation_of_any_type_is_applied_or_not_and_gone(
    kind: int, value: bytes, turned: bool
) -> None:
    image = again(saved("JPEG", exif=exif(kind, value)))
    assert image.size == ((32, 64) if turned else (64, 32))
    assert image.getexif()[ORIENTATION] == 1


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0garbage garbage"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "AVIF", "PNG", "WEBP"])
def test_exif_that_is_none_is_told_and_left_out(block: bytes, kind: str) -> None:
    jpeg = saved("JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    picture = decode_picture(jpeg[:2] + segment + jpeg[2:], "a.jpg")
    assert picture.notes == ("a.jpg: its Exif is damaged and not kept",)
    assert not opened(encode_picture(picture, kind)).info.get("exif")


def test_the_mark_of_adobe_rgb_goes_along() -> None:
    block = Image.Exif()
    block[ExifTags.IFD.Exif] = {0xA001: 65535, ExifTags.IFD.Interop: {1: "R03"}}
    for kind in ("JPEG", "TIFF"):
        found = again(saved("JPEG", exif=block), kind).getexif()
        assert found.get_ifd(ExifTags.IFD.Interop) == {1: "R03"}


def png(bits: int, levels: NDArray[np.uint8], transparent: int) -> bytes:
    """A grey PNG of few bits, with a level that is transparent."""
    rows = np.packbits(np.unpackbits(levels[..., None], axis=2)[..., -bits:], axis=None)
    lines = b"".join(b"\0" + row.tobytes() for row in rows.reshape(len(levels), -1))
    height, width = levels.shape
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0),
        b"tRNS": struct.pack(">H", transparent),
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_level_of_few_bits(bits: int) -> None:
    levels = (np.arange(64).reshape(8, 8) % 2**bits).astype(np.uint8)
    picture = decode_picture(png(bits, levels, 1))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha == 0, levels == 1)
    assert np.array_equal(picture.colour[..., 0], levels * np.uint8(255 // (2**bits - 1)))


def test_webp_without_loss_behind_a_large_profile() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (32, 48, 3)).astype(np.uint8)
    profile = rng.bytes(80_001)
    for lossless in (True, False):
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "WEBP", lossless=lossless, icc_profile=profile)
        picture = decode_picture(buffer.getvalue())
        assert picture.lossless == lossless
    assert np.array_equal(
        pixels, decode_picture(encode_picture(Picture(pixels, None, "WEBP"))).colour
    )


@pytest.mark.parametrize(
    ("gamma", "told"), [(100000, True), (45455, False), (45000, False), (55556, True)]
)
def test_another_gamma_is_told_where_it_is_lost(gamma: int, told: bool) -> None:
    data = saved("PNG")
    chunk = b"gAMA" + struct.pack(">I", gamma)
    chunk = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    picture = decode_picture(data[:33] + chunk + data[33:])
    assert ("gamma" in left_out(picture, "JPEG")) == told
    assert not left_out(picture, "PNG")


@pytest.mark.parametrize("kind", [b"P1", b"P4"])
def test_pictures_of_one_bit(kind: bytes) -> None:
    """Their bytes may look like a maximum."""
    body = b"9" * 32 if kind == b"P4" else b"1 0 " * 64
    data = kind + b"\n16 16\n" + (body if kind == b"P4" else b"1" * 256)
    assert decode_picture(data).colour.shape == (16, 16, 1)
