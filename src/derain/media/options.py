"""How Pillow is told to write each format: its quality, and the metadata in its own words."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from PIL import Image
from PIL.ExifTags import Base
from PIL.PngImagePlugin import PngInfo

from derain.media.cicp import CodePoints, to_png
from derain.media.metadata import LIGHT, XMP, entries_of
from derain.media.picture import Metadata

_MARKERS = {"APP1": b"\xff\xe1", "APP13": b"\xff\xed"}
_SEGMENT = 0xFFFF - 2
_XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\x00"
_PASSING = {"tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma"}


def save_options(m: Metadata, kind: str, lossless: bool, quality: int) -> dict[str, Any]:
    """What is given to ``Image.save``.

    Args:
        m: What is to be written beside the pixels.
        kind: Pillow's name of the format.
        lossless: Write without loss where the format has a choice.
        quality: 1 to 100, where there is loss.
    """
    without: dict[str, Any] = dict.fromkeys(too_long(m, kind))
    m = replace(m, **without)
    if kind == "PNG":
        return png_options(m)
    if kind == "TIFF":
        return _tiff(m)
    if kind in ("BMP", "PPM"):
        return {"dpi": m.dpi} if m.dpi and kind == "BMP" else {}
    blocks = {"icc_profile": m.icc, "exif": m.exif, "xmp": m.xmp}
    options: dict[str, Any] = {key: block for key, block in blocks.items() if block}
    if kind == "JPEG":
        options |= {"quality": quality, "subsampling": 0, "optimize": True}
        if m.dpi:
            options["dpi"] = m.dpi
        if m.comment:
            options["comment"] = m.comment
        if m.segments:
            options["extra"] = b"".join(
                _MARKERS[mark] + struct.pack(">H", len(data) + 2) + data
                for mark, data in m.segments
            )
    elif kind == "WEBP" and lossless:
        options |= {"lossless": True, "exact": True, "quality": 80}
    elif kind == "WEBP":
        options |= {"quality": quality, "exact": True, "method": 4}
    elif kind == "AVIF":
        options |= {"quality": quality, "subsampling": "4:4:4"}
    return options


def too_long(m: Metadata, kind: str) -> set[str]:
    """Which of a picture's blocks are longer than a segment of a JPEG, where that is the format."""
    room = {"exif": _SEGMENT, "xmp": _SEGMENT - len(_XMP_SIGNATURE), "comment": _SEGMENT}
    if kind != "JPEG":
        return set()
    return {name for name, most in room.items() if len(getattr(m, name) or b"") > most}


def png_options(m: Metadata) -> dict[str, Any]:
    """All that Pillow writes into a PNG, see :func:`png_chunks` for the rest."""
    info = PngInfo()
    for chunk, data in m.colour:
        if chunk not in LIGHT:
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


def png_chunks(m: Metadata) -> dict[bytes, bytes]:
    """Name -> data of chunks that Pillow does not write."""
    chunks = {name: data for name, data in m.colour if name in LIGHT}
    if m.cicp and b"cICP" not in chunks:
        chunks[b"cICP"] = to_png(CodePoints(*m.cicp))
    return chunks


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
    if tags := tiff_tags(m):
        options["tiffinfo"] = tags
    return options


def needs_own_writer(m: Metadata) -> bool:
    """Whether Pillow, which leaves compression to libtiff, would fail at the tags or lose one."""
    if m.compression in (None, "raw"):
        return False
    tags = tiff_tags(m)
    return Base.TransferFunction in tags or any(isinstance(tag, dict) for tag in tags.values())


def tiff_tags(m: Metadata) -> dict[int, Any]:
    """Descriptive tags, and the Exif and GPS directories of other formats' Exif blocks."""
    tags = dict(m.tags)
    if m.xmp:
        tags.setdefault(XMP, m.xmp)
    if m.exif:
        exif = Image.Exif()
        exif.load(m.exif)
        for tag, value in entries_of(exif):
            tags.setdefault(tag, value)
    return tags
