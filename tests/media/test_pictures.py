"""Pictures come back whole: depth, grey, alpha, profile, metadata, orientation."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, IptcImagePlugin
from PIL.PngImagePlugin import PngInfo

from derain.errors import InvalidImageError
from derain.media import Metadata, Picture, decode_picture, encode_picture, read_picture

Pixels = NDArray[np.uint8]
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def random(shape: tuple[int, ...], dtype: type = np.uint8) -> NDArray:
    rng = np.random.default_rng(0)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def pillow(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_round_trip(kind: str, dtype: type, channels: int, alpha: bool) -> None:
    picture = Picture(
        random((17, 23, channels), dtype),
        random((17, 23), dtype) if alpha else None,
        kind,
        metadata=Metadata(icc=ICC, dpi=(300, 300)),
    )
    back = decode_picture(encode_picture(picture))
    expected = picture.colour
    if kind == "TIFF" and alpha and channels == 1 and dtype == np.uint16:
        expected = np.repeat(expected, 3, axis=2)  # Pillow reads no 16-bit grey with alpha
    assert np.array_equal(back.colour, expected)
    assert back.colour.dtype == dtype
    assert (back.alpha is None) == (not alpha)
    if alpha:
        assert np.array_equal(back.alpha, picture.alpha)
    assert back.metadata.icc == ICC
    assert back.metadata.dpi == pytest.approx((300, 300), rel=1e-3)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"compression": "zlib", "predictor": True},
                {"byteorder": ">"}]
)  # fmt: skip
def test_16_bit_tiff_written_by_others(channels: int, options: dict[str, object]) -> None:
    pixels = random((19, 31, channels), np.uint16)
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    buffer = BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="rgb", **extra, **options)
    picture = decode_picture(buffer.getvalue())
    assert np.array_equal(picture.stacked(), pixels)
    # Pillow by itself gives 8 bits without a word, which is why deep.py exists.
    with Image.open(buffer) as image:
        assert np.asarray(image).dtype == np.uint8


def test_16_bit_tiff_is_readable_by_others() -> None:
    pixels = random((19, 31, 3), np.uint16)
    data = encode_picture(Picture(pixels, None, "TIFF"))
    assert np.array_equal(tifffile.imread(BytesIO(data)), pixels)


def test_16_bit_png_is_readable_by_others(photo: Pixels) -> None:
    """Pillow sees the high bytes of the very picture."""
    pixels = photo.astype(np.uint16) * 257
    with Image.open(BytesIO(encode_picture(Picture(pixels)))) as image:
        assert np.array_equal(np.asarray(image), photo)


def test_16_bits_into_an_8_bit_format_is_an_error() -> None:
    picture = Picture(random((8, 8, 3), np.uint16))
    for kind in ("JPEG", "WEBP", "BMP", "AVIF", "PPM"):
        with pytest.raises(InvalidImageError, match="16 bits"):
            encode_picture(picture, kind)


def test_16_bits_we_cannot_keep_are_an_error() -> None:
    ppm = b"P6 4 4 65535\n" + random((4, 4, 3), np.uint16).tobytes()
    with pytest.raises(InvalidImageError, match="8 bits a channel"):
        decode_picture(ppm)
    pixels = random((8, 8, 3), np.uint8)
    for dtype in (np.float32, np.uint32):
        buffer = BytesIO()
        tifffile.imwrite(buffer, pixels[..., 0].astype(dtype))
        with pytest.raises(InvalidImageError):
            decode_picture(buffer.getvalue())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_and_reset(orientation: int, kind: str, photo: Pixels) -> None:
    image = Image.fromarray(photo[:40, :64])
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    options = {"lossless": True} if kind == "WEBP" else {}
    data = pillow(image, kind, exif=exif, **options)
    with Image.open(BytesIO(data)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    picture = decode_picture(data)
    assert np.array_equal(picture.colour, expected)
    back = encode_picture(picture)
    with Image.open(BytesIO(back)) as written:
        assert written.getexif().get(0x0112, 1) == 1
        assert written.getexif()[0x010F] == "Maker"
        assert written.size == (expected.shape[1], expected.shape[0])
        if kind != "JPEG":
            assert np.array_equal(np.asarray(written.convert("RGB")), expected)


def test_exif_is_patched_not_rewritten(photo: Pixels) -> None:
    """Maker notes survive where they were: only the orientation's two bytes differ."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x927C] = b"maker note \x00\x01\x02"
    data = pillow(Image.fromarray(photo), "JPEG", exif=exif)
    with Image.open(BytesIO(data)) as image:
        before = image.info["exif"]
    with Image.open(BytesIO(encode_picture(decode_picture(data)))) as image:
        after = image.info["exif"]
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert b"maker note" in after


def test_metadata_is_carried_over(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    jpeg = pillow(image, "JPEG", icc_profile=ICC, dpi=(240, 240), comment=b"hello")
    with Image.open(BytesIO(encode_picture(decode_picture(jpeg)))) as back:
        assert back.info["icc_profile"] == ICC
        assert back.info["dpi"] == (240, 240)
        assert back.info["comment"] == b"hello"
    info = PngInfo()
    info.add_text("Author", "someone")
    info.add_itxt("Title", "Regen fällt", "de")
    info.add(b"gAMA", (45455).to_bytes(4, "big"))
    png = pillow(image, "PNG", pnginfo=info, icc_profile=ICC)
    for pixels in (photo, photo.astype(np.uint16) * 257):
        picture = decode_picture(png)
        picture = Picture(pixels, metadata=picture.metadata)
        with Image.open(BytesIO(encode_picture(picture))) as back:
            back.load()
            assert back.text["Author"] == "someone"  # type: ignore[attr-defined]
            assert back.text["Title"] == "Regen fällt"  # type: ignore[attr-defined]
            assert back.info["gamma"] == pytest.approx(0.45455)
            assert back.info["icc_profile"] == ICC
    tiff = pillow(image, "TIFF", tiffinfo={270: "rain", 315: "someone"}, compression="tiff_lzw")
    with Image.open(BytesIO(encode_picture(decode_picture(tiff)))) as back:
        assert back.tag_v2[270] == "rain"  # type: ignore[attr-defined]
        assert back.info["compression"] == "tiff_lzw"


def test_jpeg_is_written_at_quality_95_without_subsampling(photo: Pixels) -> None:
    data = encode_picture(decode_picture(pillow(Image.fromarray(photo), "JPEG", quality=30)))
    with Image.open(BytesIO(data)) as image:
        ours = image.quantization  # type: ignore[attr-defined]
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]
    with Image.open(BytesIO(pillow(Image.fromarray(photo), "JPEG", quality=95))) as image:
        assert ours == image.quantization  # type: ignore[attr-defined]


def test_noise_is_written_at_any_quality() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    for quality in (95, 97, 100):
        data = encode_picture(Picture(noise), "JPEG", quality=quality)
        assert decode_picture(data).size == (600, 400)


def test_lossless_webp_stays_lossless(photo: Pixels) -> None:
    picture = decode_picture(pillow(Image.fromarray(photo), "WEBP", lossless=True))
    assert picture.lossless
    assert np.array_equal(decode_picture(encode_picture(picture)).colour, photo)
    assert not decode_picture(pillow(Image.fromarray(photo), "WEBP", quality=50)).lossless


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA"])
def test_modes(mode: str, photo: Pixels) -> None:
    image = Image.fromarray(photo).convert("L" if mode == "1" else "RGB").convert(mode)
    picture = decode_picture(pillow(image, "TIFF" if mode == "PA" else "PNG"))
    assert picture.colour.shape[2] == (1 if mode in ("1", "L", "LA") else 3)
    assert (picture.alpha is not None) == (mode in ("LA", "PA", "RGBA"))
    grey = mode in ("1", "L", "LA")
    expected = np.asarray(image.convert("L" if grey else "RGB"))
    assert np.array_equal(picture.colour[..., 0] if grey else picture.colour, expected)


def test_a_transparent_colour_becomes_alpha(photo: Pixels) -> None:
    data = pillow(Image.fromarray(photo), "PNG", transparency=tuple(int(v) for v in photo[0, 0]))
    picture = decode_picture(data)
    assert picture.alpha is not None
    assert picture.alpha[0, 0] == 0


def test_what_would_lose_something_is_refused(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    with pytest.raises(InvalidImageError, match="CMYK"):
        decode_picture(pillow(image.convert("CMYK"), "JPEG"))
    with pytest.raises(InvalidImageError, match="2 frames"):
        decode_picture(pillow(image, "TIFF", save_all=True, append_images=[image]))
    with pytest.raises(InvalidImageError, match="known format"):
        decode_picture(pillow(image, "GIF"))
    with pytest.raises(InvalidImageError, match="transparency"):
        encode_picture(Picture(photo, photo[..., 0]), "JPEG")


def test_phone_pictures_with_a_second_image_are_noted(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    picture = decode_picture(pillow(image, "MPO", save_all=True, append_images=[image]), "a.jpg")
    assert picture.format == "JPEG"
    assert "first is kept" in picture.notes[0]


def test_orientation_is_reset_wherever_it_stands(photo: Pixels) -> None:
    """TIFF's XMP, and an Exif entry of the wrong width: read again, nothing turns again."""
    image = Image.fromarray(photo[:20, :30])
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    tiff = pillow(image, "TIFF", tiffinfo={274: 6, 700: xmp})
    once = decode_picture(tiff)
    assert once.size == (20, 30)
    assert b'Orientation="6"' not in encode_picture(once)
    assert decode_picture(encode_picture(once)).size == (20, 30)
    block = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    once = decode_picture(pillow(image, "JPEG", exif=block))
    assert decode_picture(encode_picture(once)).size == once.size == (20, 30)


@pytest.mark.parametrize("key", ["exif", "APP1"])
def test_exif_in_a_text_of_a_png_comes_back(photo: Pixels, key: str) -> None:
    """As ImageMagick wrote it; Pillow, which reads that too, is asked how the picture lies."""
    exif, info = Image.Exif(), PngInfo()
    exif[274], exif[271] = 6, "a maker"
    block = exif.tobytes()
    info.add_text(f"Raw profile type {key}", f"\n{key}\n{len(block):8}\n{block.hex()}\n", zip=True)
    picture = decode_picture(pillow(Image.fromarray(photo), "PNG", pnginfo=info))
    assert picture.colour.shape[:2] == (photo.shape[::-1][1:] if key == "exif" else photo.shape[:2])
    for kind in ("PNG", "JPEG"):
        with Image.open(BytesIO(encode_picture(picture, kind))) as back:
            assert back.getexif()[271] == "a maker"
            assert back.getexif().get(274, 1) == 1
            assert "Raw profile type exif" not in back.info


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_exif_directories_of_a_compressed_tiff_survive(
    photo: Pixels, compression: str | None, mode: str
) -> None:
    """libtiff, which compresses for Pillow, takes no directory; and loses a curve of tones."""
    image = Image.fromarray(photo).convert(mode)
    curve = tuple(range(0, 65536, 256))
    picture = decode_picture(pillow(image, "TIFF", tiffinfo={301: curve, 34665: {37386: 5.0}}))
    metadata = replace(picture.metadata, compression=compression)
    data = encode_picture(replace(picture, metadata=metadata))
    assert np.array_equal(tifffile.imread(BytesIO(data)), np.asarray(image))
    with Image.open(BytesIO(data)) as back:
        assert back.mode == mode
        assert np.array_equal(np.asarray(back), np.asarray(image))
        assert back.getexif().get_ifd(34665)[37386] == 5.0
        assert back.tag_v2[301] == curve
        assert compression is None or back.info["compression"] == "tiff_adobe_deflate"


def test_exif_directories_of_a_tiff_survive(photo: Pixels) -> None:
    tags = {0x8769: {0x9003: "2026:11:22 10:00:00"}, 0x8825: {1: "N"}}
    picture = decode_picture(pillow(Image.fromarray(photo), "TIFF", tiffinfo=tags))
    for kind in ("TIFF", "JPEG", "PNG"):
        with Image.open(BytesIO(encode_picture(picture, kind))) as back:
            assert back.getexif().get_ifd(0x8769)[0x9003] == "2026:11:22 10:00:00"
            assert back.getexif().get_ifd(0x8825)[1] == "N"


def test_white_is_zero_and_extra_channels() -> None:
    grey = random((8, 9), np.uint16)
    buffer = BytesIO()
    tifffile.imwrite(buffer, grey, photometric="miniswhite")
    assert np.array_equal(decode_picture(buffer.getvalue()).colour[..., 0], 65535 - grey)
    buffer = BytesIO()
    tifffile.imwrite(buffer, random((8, 9, 4)), photometric="rgb", extrasamples=["unspecified"])
    with pytest.raises(InvalidImageError, match="would be lost"):
        decode_picture(buffer.getvalue())


def test_a_grey_palette_stays_grey(photo: Pixels) -> None:
    grey = Image.fromarray(photo).convert("L")
    picture = decode_picture(pillow(grey.convert("P"), "PNG"))
    assert picture.colour.shape[2] == 1
    assert np.array_equal(picture.colour[..., 0], np.asarray(grey))


def test_avif(photo: Pixels) -> None:
    picture = decode_picture(encode_picture(Picture(photo, None, "AVIF")))
    assert picture.format == "AVIF"
    assert np.abs(picture.colour.astype(int) - photo).mean() < 3


def test_a_file_is_what_it_holds_not_what_it_is_called(
    save: Callable[..., Path], photo: Pixels
) -> None:
    path = save("a.png", photo)
    wrong = path.rename(path.with_suffix(".jpg"))
    assert read_picture(wrong).format == "PNG"


def test_iptc_comes_back(photo: Pixels) -> None:
    """Captions and credits of press photographs (APP13), read by Pillow's own parser."""
    caption = b"A rainy day"
    record = b"\x1c\x02\x78" + len(caption).to_bytes(2, "big") + caption
    resource = b"8BIM\x04\x04\x00\x00" + len(record).to_bytes(4, "big") + record
    payload = b"Photoshop 3.0\x00" + resource + b"\x00" * (len(record) % 2)
    segment = b"\xff\xed" + (len(payload) + 2).to_bytes(2, "big") + payload
    jpeg = pillow(Image.fromarray(photo), "JPEG", extra=segment, icc_profile=ICC)
    with Image.open(BytesIO(jpeg)) as before:
        assert IptcImagePlugin.getiptcinfo(before)[2, 120] == caption
    back = encode_picture(decode_picture(jpeg))
    with Image.open(BytesIO(back)) as image:
        assert IptcImagePlugin.getiptcinfo(image)[2, 120] == caption
        assert image.info["icc_profile"] == ICC
        image.load()


@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
@pytest.mark.parametrize("byteorder", "<>")
def test_16_bits_in_separate_planes_are_refused(compression: str | None, byteorder: str) -> None:
    """Pillow decodes compressed ones at 8 bits, whatever it is asked for."""

    def written(planes: NDArray) -> bytes:
        options = {"planarconfig": "separate", "photometric": "rgb"} if len(planes) == 3 else {}
        buffer = BytesIO()
        tifffile.imwrite(
            buffer, planes if options else planes[0], byteorder=byteorder,
            compression=compression, **options,
        )  # fmt: skip
        return buffer.getvalue()

    planes = random((3, 64, 64), np.uint16)
    with pytest.raises(InvalidImageError, match="separate planes"):
        decode_picture(written(planes))
    eight = decode_picture(written(random((3, 64, 64))))
    assert np.array_equal(eight.colour, np.moveaxis(random((3, 64, 64)), 0, 2))
    grey = decode_picture(written(planes[:1]))
    assert np.array_equal(grey.colour[..., 0], planes[0])


def test_a_tiff_without_a_resolution_gets_none(photo: Pixels) -> None:
    for pixels in (photo, photo.astype(np.uint16) * 257):
        data = encode_picture(Picture(pixels, None, "TIFF"))
        for _ in range(2):
            with tifffile.TiffFile(BytesIO(data)) as file:
                assert 282 not in file.pages[0].tags
            data = encode_picture(decode_picture(data))


def exif_with_thumbnail(order: str, orientation: int = 6) -> bytes:
    """64 wide and 40 high as stored, and a thumbnail that lies likewise."""
    thumbnail = pillow(Image.new("RGB", (16, 10)), "JPEG")

    def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
        packed = struct.pack(order + "H", len(entries))
        for tag, kind, count, value in entries:
            held = struct.pack(order + ("H2x" if kind == 3 else "I"), value)
            packed += struct.pack(order + "HHI", tag, kind, count) + held
        return packed + struct.pack(order + "I", following)

    first = directory([(0x0112, 3, 1, orientation), (0x8769, 4, 1, 38)], 68)
    second = directory([(0xA002, 4, 1, 64), (0xA003, 3, 1, 40)], 0)
    third = directory(
        [(0x0112, 3, 1, orientation), (0x0201, 4, 1, 110), (0x0202, 4, 1, len(thumbnail))], 0
    )
    head = b"Exif\0\0" + (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + first + second + third + thumbnail


@pytest.mark.parametrize("order", "<>")
def test_the_size_in_exif_turns_too_and_a_thumbnail_goes(photo: Pixels, order: str) -> None:
    """It would show the rainy picture, lying. Read back by Pillow."""
    image = Image.fromarray(photo[:40, :64])
    picture = decode_picture(pillow(image, "JPEG", exif=exif_with_thumbnail(order)))
    assert picture.size == (40, 64)
    with Image.open(BytesIO(encode_picture(picture))) as back:
        exif = back.getexif()
        assert exif[0x0112] == 1
        assert not exif.get_ifd(1)
        inner = exif.get_ifd(0x8769)
        assert (inner[0xA002], inner[0xA003]) == (40, 64)
        assert b"JFIF" not in exif.tobytes()
    straight = exif_with_thumbnail(order, orientation=1)
    picture = decode_picture(pillow(image, "JPEG", exif=straight))
    with Image.open(BytesIO(encode_picture(picture))) as back:
        inner = back.getexif().get_ifd(0x8769)
        assert (inner[0xA002], inner[0xA003]) == (64, 40)


def test_sound_files_that_are_not_understood_are_not_called_damaged(photo: Pixels) -> None:
    profile = np.random.default_rng(0).bytes(1 << 20) + ICC
    huge = pillow(Image.fromarray(photo[:8, :8]), "PNG", icc_profile=profile)
    with pytest.raises(
        InvalidImageError, match=r"colour profile or text of more than 1 MB"
    ) as told:
        decode_picture(huge)
    assert "damaged" not in str(told.value)
    buffer = BytesIO()
    tifffile.imwrite(buffer, photo, photometric="rgb", compression="zlib")
    strange = buffer.getvalue()
    with tifffile.TiffFile(BytesIO(strange)) as file:
        at = file.pages[0].tags[259].valueoffset
    # JPEG XL and JPEG 2000 are nothing that libtiff knows, WebP it may know.
    for code in (50002, 34712, 50001):
        data = strange[:at] + struct.pack("<H", code) + strange[at + 2 :]
        with pytest.raises(InvalidImageError, match="not supported here") as told:
            decode_picture(data, "a.tif")
        assert "damaged picture" not in str(told.value)


def test_descriptive_tags_of_a_tiff_pass_into_other_formats(photo: Pixels) -> None:
    tags = {270: "rain", 315: "someone"}
    picture = decode_picture(pillow(Image.fromarray(photo), "TIFF", tiffinfo=tags))
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        with Image.open(BytesIO(encode_picture(picture, kind))) as back:
            assert {tag: back.getexif()[tag] for tag in tags} == tags


def test_extended_xmp_comes_back(photo: Pixels) -> None:
    payload = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + b"<x/>"
    segment = b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    picture = decode_picture(pillow(Image.fromarray(photo), "JPEG", extra=segment, xmp=b"<y/>"))
    with Image.open(BytesIO(encode_picture(picture))) as back:
        assert ("APP1", payload) in back.applist  # type: ignore[attr-defined]
        assert back.info["xmp"] == b"<y/>"


def test_more_pixels_than_are_allowed_are_refused(photo: Pixels) -> None:
    data = pillow(Image.fromarray(photo), "PNG")
    assert decode_picture(data, max_pixels=451 * 300).size == (451, 300)
    with pytest.raises(InvalidImageError, match=r"has 0.1 megapixels, more than the 0.135 that"):
        decode_picture(data, max_pixels=451 * 300 - 300)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs Unix")
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(InvalidImageError, match="is no regular file"):
            read_picture(path)


def test_a_stream_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from derain.media import read

    monkeypatch.setattr(read, "MAX_BYTES", 1000)
    assert read.read_stream(BytesIO(bytes(1000)), "x") == bytes(1000)
    with Path("/dev/zero").open("rb") as zeros, pytest.raises(InvalidImageError, match="x: more"):
        read.read_stream(zeros, "x")
