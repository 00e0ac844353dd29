"""Writing pictures: in the format that is asked for, with the metadata of the original, whole."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from derain.errors import InvalidImageError, first_line
from derain.files import atomic_write
from derain.media.cicp import CodePoints, from_png, with_code_points
from derain.media.deep import encode_png, encode_tiff, insert_chunks
from derain.media.formats import FORMATS, check_written, format_of
from derain.media.metadata import IPTC
from derain.media.options import (
    needs_own_writer,
    png_chunks,
    png_options,
    save_options,
    tiff_tags,
    too_long,
)
from derain.media.picture import Picture

QUALITY = 95

_GAMMA = (45455,)  # in units of 1/100000, as the following
_PRIMARIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_TOLERANCE = 500
_SCREENS = ((72, 72), (96, 96))  # what programs write that know no resolution


def write_picture(picture: Picture, path: Path, quality: int | None = None) -> None:
    """Write in the format the file's name asks for, atomically; see :func:`encode_picture`.

    Raises:
        InvalidImageError: The format cannot hold the picture, or the name asks for no format.
        DiskFullError, PermissionDeniedError: The system refused; nothing was changed.
    """
    kind = format_of(path).name
    atomic_write(path, encode_picture(picture, kind, str(path), quality))


def encode_picture(
    picture: Picture,
    kind: str | None = None,
    name: str = "the picture",
    quality: int | None = None,
) -> bytes:
    """The file of a picture, in the format it came in or another one.

    Args:
        picture: What to write; :func:`lost_in` says what of it a format has no place for.
        kind: Pillow's name of the format.
        name: For errors.
        quality: 1 to 100 for JPEG, WebP and AVIF, without chroma subsampling; by default 95, and
            WebP without loss where the picture came without. Formats without loss have none.

    Raises:
        InvalidImageError: The format cannot hold the pixels, or is only read.
    """
    kind = kind or picture.format
    check_fits(picture, kind, name)
    if picture.deep or (kind == "TIFF" and needs_own_writer(picture.metadata)):
        return _encode_ourselves(picture, kind)
    if kind not in Image.SAVE:
        Image.init()
        if kind not in Image.SAVE:
            raise InvalidImageError(f"{name}: this machine's Pillow cannot write {kind}")
    lossless = picture.lossless and quality is None
    options = save_options(picture.metadata, kind, lossless, quality or QUALITY)
    try:
        data = _saved(Image.fromarray(picture.stacked()), kind, options)
    except (OSError, ValueError) as error:
        reason = first_line(error)
        raise InvalidImageError(f"{name}: cannot be written as {kind} ({reason})") from error
    if kind == "PNG":
        return insert_chunks(data, png_chunks(picture.metadata))
    if kind == "AVIF" and picture.metadata.cicp and not picture.metadata.icc:
        return with_code_points(data, CodePoints(*picture.metadata.cicp))
    return data


def _saved(image: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    buffer = BytesIO()
    try:
        image.save(buffer, kind, **options)
    except OSError:
        if not options.get("optimize"):
            raise
        # To optimize, Pillow guesses how large the file will be; noise is larger.
        return _saved(image, kind, {**options, "optimize": False})
    return buffer.getvalue()


def check_fits(picture: Picture, kind: str, name: str) -> None:
    """Raise :class:`InvalidImageError` where files of a format cannot hold the pixels.

    Args:
        picture: Deraining it changes nothing about the answer, so it may be asked before.
        kind: Pillow's name of the format.
        name: For the error.
    """
    target = FORMATS[kind]
    check_written(target, name)
    suffixes = " or ".join(entry.suffixes[0] for entry in FORMATS.values() if entry.deep)
    if picture.deep and not target.deep:
        raise InvalidImageError(
            f"{name}: {kind} cannot hold this picture's 16 bits a channel; write {suffixes}"
        )
    if picture.alpha is not None and not target.alpha:
        raise InvalidImageError(
            f"{name}: {kind} cannot hold this picture's transparency; write .png or .webp"
        )


def left_out(picture: Picture, kind: str) -> str:
    """What :func:`lost_in` finds, as a sentence for people; often empty."""
    if lost := lost_in(picture, kind):
        return f"{kind} cannot hold the picture's {', '.join(lost)}; left out"
    return ""


def lost_in(picture: Picture, kind: str) -> list[str]:
    """What comes with a picture and has no place in files of a format, in words; often nothing."""
    m = picture.metadata
    long = too_long(m, kind)
    holds = FORMATS[kind].holds - long
    chunks = dict(m.colour)
    points = CodePoints(*m.cicp) if m.cicp else from_png(chunks.get(b"cICP", b""))
    narrow = b"cICP" in chunks and points is None
    marks = [mark for mark, _ in m.segments]
    parts = {
        "colour profile": m.icc and "profile" not in holds,
        "colour space (H.273 primaries {}, transfer {})".format(*(points or (0, 0))): (
            points and not points.like_srgb and "cicp" not in holds
        ),
        "colour space (cICP)": narrow and kind != "PNG",
        "gamma or primaries (gAMA, cHRM)": kind != "PNG" and not m.icc and _unlike_srgb(chunks),
        "resolution": m.dpi and m.dpi not in _SCREENS and "dpi" not in holds,
        "Exif": m.exif and "exif" not in holds,
        "XMP": m.xmp and "xmp" not in holds,
        "extended XMP": "APP1" in marks and "segments" not in holds,
        "captions (IPTC)": ("APP13" in marks and "segments" not in holds)
        or (IPTC in m.tags and "tags" not in holds),
        "comment": m.comment and ("segments" not in holds or "comment" in long),
        "texts": m.text and "text" not in holds,
    }
    return [words for words, lost in parts.items() if lost]


def _unlike_srgb(chunks: Mapping[bytes, bytes]) -> bool:
    """Whether a PNG's gamma or primaries, where they count, are others than those of sRGB."""
    if {b"sRGB", b"cICP"} & chunks.keys():
        return False
    found = (chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b""))
    return any(
        abs(value - usual) > _TOLERANCE
        for data, usually in zip(found, (_GAMMA, _PRIMARIES), strict=True)
        for (value,), usual in zip(struct.iter_unpack(">I", data), usually, strict=False)
    )


def _encode_ourselves(picture: Picture, kind: str) -> bytes:
    if kind == "TIFF":
        return encode_tiff(picture.stacked(), picture.metadata, tiff_tags(picture.metadata))
    # Pillow writes the metadata chunks, into a PNG of one pixel; we write the pixels.
    tiny = BytesIO()
    Image.new("RGB", (1, 1)).save(tiny, "PNG", **png_options(picture.metadata))
    like = insert_chunks(tiny.getvalue(), png_chunks(picture.metadata))
    return encode_png(picture.stacked(), like)
