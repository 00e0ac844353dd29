"""16 bits a channel, which Pillow reads as 8 without a word for colour, and does not write.

Reading: Pillow's decoders unpack a 16-bit sample by keeping one of its two bytes; which one is in
the raw mode of the decoder's task (``RGB;16B`` keeps the first, ``RGB;16L`` the second). Decoding
twice gives both bytes, for every compression Pillow knows. A raw mode that is not in the table is a
clear error, never 8 bits.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffTags
from PIL import TiffImagePlugin as tiff  # noqa: N813 - its names of the tags are many

from derain.errors import InvalidImageError
from derain.media.picture import Metadata, Pixels

_PNG_HEADER = 33  # the signature and the first chunk
_NATIVE = "L" if sys.byteorder == "little" else "B"


def is_deep(image: Image.Image, header: bytes) -> bool:
    """Whether a file holds more than 8 bits a channel, whatever Pillow's mode says."""
    if image.format == "PNG":
        return header[24] > 8
    if image.format == "TIFF":
        bits: tuple[int, ...] = image.tag_v2.get(tiff.BITSPERSAMPLE, (1,))  # type: ignore[attr-defined]
        return max(bits) > 8
    if image.format == "PPM":
        return image.mode == "I" or _ppm_maximum(header) > 255
    if image.format == "AVIF":
        at = header.find(b"av1C")
        return at > 0 and bool(header[at + 6] & 0x40)
    return int(image.info.get("bit_depth", 8)) > 8


def _ppm_maximum(header: bytes) -> int:
    lines = [line.split(b"#")[0] for line in header[:4096].split(b"\n")]
    words = b" ".join(lines).split()
    if words[:1] in ([b"P1"], [b"P4"]):
        return 1
    return int(words[3]) if len(words) > 3 and words[3].isdigit() else 255


def read_deep(open_again: Callable[[], Image.Image], name: str) -> Pixels:
    """(H, W) or (H, W, C) uint16 of a 16-bit PNG or TIFF, as Pillow orients it.

    Args:
        open_again: Opens the file anew, not loaded.
        name: For the error.

    Raises:
        InvalidImageError: A kind of 16-bit file that cannot be kept at 16 bits.
    """
    image = open_again()
    if image.format not in ("PNG", "TIFF"):
        raise InvalidImageError(
            f"{name}: more than 8 bits a channel in {image.format} are not supported; convert "
            "it to a 16-bit PNG or TIFF, or to 8 bits"
        )
    if image.format == "TIFF" and _separate_planes(image):
        raise InvalidImageError(
            f"{name}: 16-bit TIFF with separate planes is not supported; save it with its channels "
            "interleaved (contiguous, chunky)"
        )
    raw = _raw_mode(image)
    if raw in ("I;16", "I;16B", "I;16L", "I;16N"):
        return np.asarray(image).astype(np.uint16)
    if raw == "LA;16B":
        bytes_ = np.asarray(_with_raw_mode(image, "RGBA"))
        return _join(bytes_[..., 0::2], bytes_[..., 1::2])
    base, _, order = raw.partition(";16")
    if base not in ("RGB", "RGBA") or order not in ("B", "L", "N"):
        raise InvalidImageError(
            f"{name}: this kind of 16-bit {image.format} ({raw or image.mode}) is not supported; "
            "convert it to plain 16-bit RGB or to 8 bits"
        )
    # Raw mode "B" keeps the byte that comes first in memory, "L" the second.
    first = np.asarray(_with_raw_mode(image, f"{base};16B"))
    second = np.asarray(_with_raw_mode(open_again(), f"{base};16L"))
    big = (_NATIVE if order == "N" else order) == "B"
    return _join(first, second) if big else _join(second, first)


def _separate_planes(image: Image.Image) -> bool:
    # libtiff decodes such planes one by one, at 8 bits whatever raw mode is asked for.
    tags = image.tag_v2  # type: ignore[attr-defined]
    return bool(
        tags.get(tiff.PLANAR_CONFIGURATION, 1) == 2 and tags.get(tiff.SAMPLESPERPIXEL, 1) > 1
    )


def _raw_mode(image: Image.Image) -> str:
    tasks = {t.args if isinstance(t.args, str) else t.args[0] for t in image.tile}  # type: ignore[attr-defined]
    return str(tasks.pop()) if len(tasks) == 1 else ""


def _with_raw_mode(image: Image.Image, mode: str) -> Image.Image:
    tile = image.tile  # type: ignore[attr-defined]
    image.tile = [  # type: ignore[attr-defined]
        t._replace(args=mode if isinstance(t.args, str) else (mode, *t.args[1:])) for t in tile
    ]
    return image


def _join(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> Pixels:
    return (high.astype(np.uint16) << 8) | low


def encode_png(pixels: Pixels, like: bytes) -> bytes:
    """A 16-bit PNG (ISO/IEC 15948) with the ancillary chunks of another PNG.

    Args:
        pixels: (H, W) or (H, W, C) uint16, C of 2, 3 or 4.
        like: A PNG whose metadata is to be taken over.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = pixels.reshape(height, -1).astype(">u2").view(np.uint8)
    # Filter "up": each row minus the one above, which compresses photographs well.
    above = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.concatenate([np.full((height, 1), 2, np.uint8), rows - above], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header)]
    chunks += [c for c in _chunks(like) if c[4:8] not in (b"IHDR", b"IDAT", b"IEND", b"PLTE")]
    chunks += [_chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(png: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        found.append(png[at : at + 12 + size])
        at += 12 + size
    return found


def insert_chunks(png: bytes, chunks: Mapping[bytes, bytes]) -> bytes:
    """A PNG with further chunks behind its header."""
    added = b"".join(_chunk(name, data) for name, data in chunks.items())
    return png[:_PNG_HEADER] + added + png[_PNG_HEADER:]


def encode_tiff(pixels: Pixels, metadata: Metadata, tags: dict[int, object]) -> bytes:
    """A TIFF 6.0 of 8 or 16 bits, deflate, one strip.

    Args:
        pixels: (H, W) or (H, W, C) uint8 or uint16, C of 2, 3 or 4.
        metadata: Its profile and resolution are written.
        tags: Further tags to write.
    """
    bits = 8 * pixels.itemsize
    if bits == 16 and pixels.ndim == 3 and pixels.shape[2] == 2:
        # Few readers know 16-bit grey with alpha, Pillow not either: RGB with alpha then.
        pixels = pixels[..., [0, 0, 0, 1]]
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    strip = zlib.compress(pixels.astype(f"<u{pixels.itemsize}").tobytes(), 6)
    ifd = tiff.ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    for tag, value in tags.items():
        ifd[tag] = value
    ifd[tiff.IMAGEWIDTH], ifd[tiff.IMAGELENGTH] = width, height
    ifd[tiff.BITSPERSAMPLE] = (bits,) * channels
    ifd[tiff.SAMPLESPERPIXEL], ifd[tiff.PLANAR_CONFIGURATION] = channels, 1
    ifd[tiff.PHOTOMETRIC_INTERPRETATION] = 2 if channels >= 3 else 1
    if channels in (2, 4):
        ifd[tiff.EXTRASAMPLES] = 2
    ifd[tiff.COMPRESSION] = 8
    # Pillow counts the strip's offset from the directory's end, so the strip follows it.
    ifd[tiff.STRIPOFFSETS], ifd[tiff.STRIPBYTECOUNTS] = 0, len(strip)
    ifd[tiff.ROWSPERSTRIP] = height
    if metadata.icc:
        ifd.tagtype[tiff.ICCPROFILE] = TiffTags.UNDEFINED
        ifd[tiff.ICCPROFILE] = metadata.icc
    if metadata.dpi:
        ifd[tiff.X_RESOLUTION], ifd[tiff.Y_RESOLUTION] = metadata.dpi
        ifd[tiff.RESOLUTION_UNIT] = 2
    return b"II*\0" + struct.pack("<I", 8) + ifd.tobytes(8) + strip
