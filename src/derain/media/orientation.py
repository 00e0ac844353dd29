"""Exif orientation: applied to the pixels, and reset in place in the metadata.

The raw Exif block is patched, not rewritten, so that maker notes and thumbnails survive.
"""

from __future__ import annotations

import re
import struct

import numpy as np

from derain.media.picture import Pixels

_ORIENTATION = 0x0112


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """(H, W, ...) pixels as they are meant to be seen (Exif 2.3, tag 274)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def reset_exif(block: bytes) -> bytes:
    """The Exif block with orientation 1; what cannot be followed is left as it is."""
    start = 6 if block.startswith(b"Exif\x00\x00") else 0
    order = {b"II": "<", b"MM": ">"}.get(block[start : start + 2])
    if order is None:
        return block
    patched = bytearray(block)
    try:
        (offset,) = struct.unpack_from(order + "I", block, start + 4)
        (count,) = struct.unpack_from(order + "H", block, start + offset)
        for index in range(count):
            entry = start + offset + 2 + 12 * index
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION and kind in (3, 4):
                struct.pack_into(order + {3: "H", 4: "I"}[kind], patched, entry + 8, 1)
    except struct.error:
        pass  # a directory cut short: what was found is reset
    return bytes(patched)


def reset_xmp(packet: bytes) -> bytes:
    """The XMP packet with tiff:Orientation 1."""
    packet = re.sub(rb'(tiff:Orientation=["\'])\d', rb"\g<1>1", packet)
    return re.sub(rb"(<tiff:Orientation>)\d", rb"\g<1>1", packet)
