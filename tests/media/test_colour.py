"""Colour that no ICC profile describes comes back, or its loss is told."""

from __future__ import annotations

import struct
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from derain.errors import InvalidImageError
from derain.media import Metadata, Picture, decode_picture, encode_picture, lost_in, read_picture

HERE = Path(__file__).parent
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PQ = (9, 16)  # BT.2020 and SMPTE ST 2084, as ITU-T H.273 numbers them
P3 = (12, 13)  # Display P3


def nclx(data: bytes) -> list[tuple[int, ...]]:
    """Every (primaries, transfer, matrix, range) of an AVIF or HEIC."""
    found, at = [], data.find(b"colrnclx")
    while at >= 0:
        found.append(struct.unpack_from(">HHHB", data, at + 8))
        at = data.find(b"colrnclx", at + 1)
    return found


def chunks(png: bytes) -> dict[bytes, bytes]:
    """Name -> data of a PNG's chunks before its pixels."""
    found, at = {}, 8
    while (name := png[at + 4 : at + 8]) != b"IDAT":
        (size,) = struct.unpack_from(">I", png, at)
        found[name] = png[at + 8 : at + 8 + size]
        at += 12 + size
    return found


def with_chunk(png: bytes, name: bytes, data: bytes) -> bytes:
    import zlib

    crc = struct.pack(">I", zlib.crc32(name + data))
    return png[:33] + struct.pack(">I", len(data)) + name + data + crc + png[33:]


def test_the_primaries_of_an_avif_come_back() -> None:
    """A file that libavif wrote through another binding (imagecodecs)."""
    data = (HERE / "pq.avif").read_bytes()
    assert nclx(data)[0][:2] == PQ
    back = encode_picture(decode_picture(data))
    # The matrix says how this very file is coded, and is the writer's.
    assert [found[:2] for found in nclx(back)] == [PQ]
    pixels = decode_picture(back).colour.astype(int)
    assert np.abs(pixels - decode_picture(data).colour).mean() < 3


def test_a_profile_goes_before_primaries() -> None:
    picture = decode_picture((HERE / "pq.avif").read_bytes())
    both = Picture(picture.colour, format="AVIF", metadata=Metadata(icc=ICC, cicp=PQ))
    back = decode_picture(encode_picture(both)).metadata
    assert (back.icc, back.cicp) == (ICC, None)


@pytest.mark.parametrize("deep", [False, True])
def test_png_keeps_its_code_points(photo: NDArray[np.uint8], deep: bool) -> None:
    plain = encode_picture(Picture(photo.astype(np.uint16) * 257 if deep else photo))
    light = struct.pack(">2I", 1000_0000, 400_0000)
    given = with_chunk(with_chunk(plain, b"cICP", bytes([*PQ, 0, 1])), b"cLLI", light)
    back = encode_picture(decode_picture(given))
    assert chunks(back)[b"cICP"] == bytes([*PQ, 0, 1])
    assert chunks(back)[b"cLLI"] == light
    assert np.array_equal(decode_picture(back).colour, decode_picture(given).colour)


def test_code_points_pass_from_one_format_to_another() -> None:
    avif = decode_picture((HERE / "pq.avif").read_bytes())
    png = encode_picture(avif, "PNG")
    assert chunks(png)[b"cICP"] == bytes([*PQ, 0, 1])
    assert nclx(encode_picture(decode_picture(png), "AVIF"))[0][:2] == PQ


def test_heic_is_read_with_its_colour_and_not_written() -> None:
    pytest.importorskip("pi_heif")
    picture = read_picture(HERE / "p3.heic")
    assert picture.format == "HEIF"
    assert picture.size == (48, 40)
    assert picture.metadata.cicp == P3
    exif = Image.Exif()
    exif.load(picture.metadata.exif or b"")
    assert exif[0x010F] == "Maker"
    assert chunks(encode_picture(picture, "PNG"))[b"cICP"] == bytes([*P3, 0, 1])
    with pytest.raises(InvalidImageError, match="HEIC is read, but not written"):
        encode_picture(picture)


@pytest.mark.parametrize("kind", ["BMP", "PPM"])
def test_what_a_format_cannot_hold_is_named(photo: NDArray[np.uint8], kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    metadata = Metadata(icc=ICC, exif=exif.tobytes(), xmp=b"<x/>", text={"Title": "Rain"})
    lost = lost_in(Picture(photo, metadata=metadata), kind)
    assert lost == ["colour profile", "Exif", "XMP", "texts"]
    encode_picture(Picture(photo, metadata=metadata), kind)


@pytest.mark.parametrize(
    ("field", "most", "told"), [("exif", 65533, "Exif"), ("xmp", 65504, "XMP")]
)
def test_what_no_segment_of_a_jpeg_holds_is_left_out(
    photo: NDArray[np.uint8], field: str, most: int, told: str
) -> None:
    for size, lost in ((most, []), (most + 1, [told])):
        block = (b"Exif\0\0MM\0*\0\0\0\x08" if field == "exif" else b"<x/>").ljust(size, b"\0")
        picture = Picture(photo, metadata=replace(Metadata(), **{field: block}))
        assert lost_in(picture, "JPEG") == lost
        with Image.open(BytesIO(encode_picture(picture, "JPEG"))) as image:
            assert (image.info.get(field) is None) == bool(lost)
        assert lost_in(picture, "PNG") == []


def test_what_is_kept_is_not_named(photo: NDArray[np.uint8]) -> None:
    metadata = Metadata(
        icc=ICC, cicp=None, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", xmp=b"<x/>"
    )
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        assert lost_in(Picture(photo, metadata=metadata), kind) == []
    wide = Picture(photo, metadata=Metadata(cicp=P3))
    for kind in ("JPEG", "WEBP", "TIFF", "BMP", "PPM"):
        assert lost_in(wide, kind) == ["colour space (H.273 primaries 12, transfer 13)"]
    assert lost_in(wide, "PNG") == lost_in(wide, "AVIF") == []
    # What is sRGB anyway needs no mark.
    assert lost_in(Picture(photo, metadata=Metadata(cicp=(1, 13))), "JPEG") == []


def test_colorimetry_of_a_tiff_comes_back(photo: NDArray[np.uint8]) -> None:
    """WhitePoint and PrimaryChromaticities, as tifffile writes and reads them."""
    white, primaries = (3127, 10000, 329, 1000), (64, 100, 33, 100, 3, 10, 6, 10, 15, 100, 6, 100)
    tags = [(318, 5, 2, white, True), (319, 5, 6, primaries, True)]
    for pixels in (photo, photo.astype(np.uint16) * 257):
        buffer = BytesIO()
        tifffile.imwrite(buffer, pixels, photometric="rgb", extratags=tags)
        back = encode_picture(decode_picture(buffer.getvalue()))
        with tifffile.TiffFile(BytesIO(back)) as file:
            got = file.pages[0].tags
            for tag, value in ((318, white), (319, primaries)):
                ours, theirs = (np.reshape(v, (-1, 2)) for v in (got[tag].value, value))
                np.testing.assert_allclose(ours[:, 0] / ours[:, 1], theirs[:, 0] / theirs[:, 1])
