"""Exif orientation: applied to the pixels, and reset in place in the metadata.

The raw Exif block is patched, not rewritten, so that maker notes, which point to places in it, stay
readable.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np
from PIL.ExifTags import IFD, Base

from derain.media.picture import Pixels

_SIDEWAYS = (5, 6, 7, 8)
_SHORT = 3
_FORMATS = {_SHORT: "H", 4: "I", 8: "h", 9: "i"}
_MOST = 1000  # entries of a directory, which a damaged one may claim to have


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """(H, W, ...) pixels as they are meant to be seen (Exif 2.3, tag 274)."""
    if orientation in _SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def reset_exif(block: bytes) -> bytes:
    """The Exif block for an upright picture; what cannot be followed is left as it is.

    Its orientation is 1, and the picture's width and height in it have changed places where it was
    lying. The thumbnail, which would show the picture as it was, is gone.
    """
    start = 6 if block.startswith(b"Exif\x00\x00") else 0
    order = {b"II": "<", b"MM": ">"}.get(block[start : start + 2])
    if order is None:
        return block
    patched = bytearray(block)
    try:
        (first,) = struct.unpack_from(order + "I", block, start + 4)
        (count,) = struct.unpack_from(order + "H", block, start + first)
        orientation, inner = 1, 0
        for tag, kind, place in _entries(block, order, start, first):
            if tag == Base.Orientation:
                orientation = _value(block, order, kind, place) or 1
                # Of whatever type it was, others than SHORT not being read by everybody.
                struct.pack_into(order + "HIHH", patched, place - 6, _SHORT, 1, 1, 0)
            elif tag == IFD.Exif:
                inner = _value(block, order, kind, place)
        if orientation in _SIDEWAYS and inner:
            _swap_sides(block, patched, order, start, inner)
        # The directory that follows the first one is the thumbnail's.
        following = start + first + 2 + 12 * count
        (thumbnail,) = struct.unpack_from(order + "I", block, following)
        if thumbnail:
            struct.pack_into(order + "I", patched, following, 0)
            _blank_thumbnail(block, patched, order, start, thumbnail)
    except struct.error:
        pass  # a directory cut short: what was found is reset
    return bytes(patched)


def _entries(block: bytes, order: str, start: int, offset: int) -> Iterator[tuple[int, int, int]]:
    """(tag, type, place of the value) of a directory's entries (TIFF 6.0, page 14)."""
    (count,) = struct.unpack_from(order + "H", block, start + offset)
    for index in range(min(count, _MOST)):
        entry = start + offset + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", block, entry)
        yield tag, kind, entry + 8


def _value(block: bytes, order: str, kind: int, place: int) -> int:
    """A whole number; 0 where the type is no such."""
    form = _FORMATS.get(kind)
    return max(0, struct.unpack_from(order + form, block, place)[0]) if form else 0


def _swap_sides(block: bytes, patched: bytearray, order: str, start: int, offset: int) -> None:
    sides = (Base.ExifImageWidth, Base.ExifImageHeight)
    entries = _entries(block, order, start, offset)
    found = {t: (kind, at) for t, kind, at in entries if t in sides and kind in _FORMATS}
    if len(found) == len(sides):
        width, height = (_value(block, order, *entry) for entry in found.values())
        for (kind, at), value in zip(found.values(), (height, width), strict=True):
            struct.pack_into(order + _FORMATS[kind], patched, at, value)


def _blank_thumbnail(block: bytes, patched: bytearray, order: str, start: int, offset: int) -> None:
    found = {
        tag: _value(block, order, kind, at)
        for tag, kind, at in _entries(block, order, start, offset)
    }
    at, size = (found.get(tag, 0) for tag in (Base.JpegIFOffset, Base.JpegIFByteCount))
    if start + at + size <= len(block) and block.startswith(b"\xff\xd8", start + at):
        patched[start + at : start + at + size] = bytes(size)


def reset_xmp(packet: bytes) -> bytes:
    """The XMP packet with tiff:Orientation 1."""
    packet = re.sub(rb'(tiff:Orientation=["\'])\d', rb"\g<1>1", packet)
    return re.sub(rb"(<tiff:Orientation>)\d", rb"\g<1>1", packet)
