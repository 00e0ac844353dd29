"""Writing pictures: the format's best quality, the metadata of the original, all or nothing."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from derain.errors import InvalidImageError, first_line
from derain.files import atomic_write
from derain.media.deep import encode_png, encode_tiff
from derain.media.formats import FORMATS, format_of
from derain.media.picture import Metadata, Picture

QUALITY = 95


def write_picture(picture: Picture, path: Path) -> None:
    """Write in the format the file's name asks for, atomically.

    Raises:
        InvalidImageError: The format cannot hold the picture, or the name asks for no format.
        DiskFullError, PermissionDeniedError: The system refused; nothing was changed.
    """
    kind = format_of(path).name
    atomic_write(path, encode_picture(picture, kind, str(path)))


def encode_picture(picture: Picture, kind: str | None = None, name: str = "the picture") -> bytes:
    """The file of a picture, in the format it came in or another one.

    JPEG is written at quality 95 without chroma subsampling; what came without loss stays so where
    the format allows it.
    """
    kind = kind or picture.format
    target = FORMATS[kind]
    suffixes = " or ".join(entry.suffixes[0] for entry in FORMATS.values() if entry.deep)
    if picture.deep and not target.deep:
        raise InvalidImageError(
            f"{name}: {kind} cannot hold this picture's 16 bits a channel; write {suffixes}"
        )
    if picture.alpha is not None and not target.alpha:
        raise InvalidImageError(
            f"{name}: {kind} cannot hold this picture's transparency; write .png or .webp"
        )
    if picture.deep:
        return _encode_deep(picture, kind)
    image = Image.fromarray(picture.stacked())
    options = _options(picture, kind)
    if kind == "HEIF":
        _need_heif(name)
    elif kind not in Image.SAVE:
        Image.init()
        if kind not in Image.SAVE:
            raise InvalidImageError(f"{name}: this machine's Pillow cannot write {kind}")
    buffer = BytesIO()
    try:
        image.save(buffer, kind, **options)
    except (OSError, ValueError) as error:
        reason = first_line(error)
        raise InvalidImageError(f"{name}: cannot be written as {kind} ({reason})") from error
    return buffer.getvalue()


def _need_heif(name: str) -> None:
    try:
        import pillow_heif
    except ImportError:
        raise InvalidImageError(f"{name}: writing HEIC needs: pip install 'derain[heif]'") from None
    pillow_heif.register_heif_opener()


def _encode_deep(picture: Picture, kind: str) -> bytes:
    if kind == "TIFF":
        return encode_tiff(picture.stacked(), picture.metadata, _tiff_tags(picture.metadata))
    # Pillow writes the metadata chunks, into a PNG of one pixel; we write the pixels.
    tiny = BytesIO()
    Image.new("RGB", (1, 1)).save(tiny, "PNG", **_png(picture.metadata))
    return encode_png(picture.stacked(), tiny.getvalue())


def _options(picture: Picture, kind: str) -> dict[str, Any]:
    m = picture.metadata
    common: dict[str, Any] = {}
    if m.icc:
        common["icc_profile"] = m.icc
    if m.exif:
        common["exif"] = m.exif
    if kind == "PNG":
        return _png(m)
    if kind == "TIFF":
        return _tiff(m)
    if kind in ("BMP", "PPM"):
        return {"dpi": m.dpi} if m.dpi and kind == "BMP" else {}
    if m.xmp:
        common["xmp"] = m.xmp
    if kind == "JPEG":
        common |= {"quality": QUALITY, "subsampling": 0, "optimize": True}
        if m.dpi:
            common["dpi"] = m.dpi
        if m.comment:
            common["comment"] = m.comment
        if m.iptc:
            segments = (b"\xff\xed" + struct.pack(">H", len(x) + 2) + x for x in m.iptc)
            common["extra"] = b"".join(segments)
    elif kind == "WEBP" and picture.lossless:
        common |= {"lossless": True, "exact": True, "quality": 80}
    elif kind == "WEBP":
        common |= {"quality": QUALITY, "exact": True, "method": 4}
    elif kind == "AVIF":
        common |= {"quality": QUALITY, "subsampling": "4:4:4"}
    elif kind == "HEIF":
        common |= {"quality": QUALITY, "chroma": 444}
    return common


def _png(m: Metadata) -> dict[str, Any]:
    info = PngInfo()
    for chunk, data in m.colour:
        info.add(chunk, data)
    for key, value in m.text.items():
        info.add_itxt(key, value, getattr(value, "lang", ""), getattr(value, "tkey", ""))
    if m.xmp:
        info.add_itxt("XML:com.adobe.xmp", m.xmp.decode("utf-8", "replace"))
    options: dict[str, Any] = {"pnginfo": info}
    if m.icc:
        options["icc_profile"] = m.icc
    if m.exif:
        options["exif"] = m.exif
    if m.dpi:
        options["dpi"] = m.dpi
    return options


_PASSING = {"tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma"}


def _tiff(m: Metadata) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if m.compression in _PASSING:
        options["compression"] = m.compression
    elif m.compression not in (None, "raw"):
        options["compression"] = "tiff_adobe_deflate"
    if m.icc:
        options["icc_profile"] = m.icc
    if m.dpi:
        options["dpi"] = m.dpi
    if tags := _tiff_tags(m):
        options["tiffinfo"] = tags
    return options


def _tiff_tags(m: Metadata) -> dict[int, Any]:
    """Descriptive tags, and the Exif and GPS directories of other formats' Exif blocks."""
    tags = dict(m.tags)
    if m.xmp:
        tags.setdefault(700, m.xmp)
    if m.exif:
        exif = Image.Exif()
        exif.load(m.exif)
        for tag in (270, 271, 272, 305, 306, 315, 33432):
            if tag in exif:
                tags.setdefault(tag, exif[tag])
        for directory in (0x8769, 0x8825):
            if entries := exif.get_ifd(directory):
                tags[directory] = dict(entries)
    return tags
