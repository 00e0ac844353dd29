"""The allowlist of picture formats, and how each is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from derain.errors import InvalidImageError


@dataclass(frozen=True)
class Format:
    """One format we read and write.

    Attributes:
        name: Pillow's name of it.
        suffixes: File name endings, the usual one first.
        media_type: What the web calls it.
        alpha: Whether it can hold an alpha channel.
        deep: Whether we write it at 16 bits.
        holds: What is written beside the pixels: ``profile``, ``cicp``, ``exif``, ``xmp``,
            ``dpi``, ``text`` (of PNG), ``segments`` (of JPEG),
            ``tags`` (of TIFF).
        written: Whether we write it at all.
    """

    name: str
    suffixes: tuple[str, ...]
    media_type: str
    alpha: bool
    deep: bool = False
    holds: frozenset[str] = frozenset()
    written: bool = True


_USUAL = frozenset({"profile", "exif", "xmp"})
_TABLE = (
    Format(
        "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "image/jpeg", False,
        holds=_USUAL | {"dpi", "segments"},
    ),
    Format("PNG", (".png",), "image/png", True, deep=True, holds=_USUAL | {"cicp", "dpi", "text"}),
    Format("WEBP", (".webp",), "image/webp", True, holds=_USUAL),
    Format(
        "TIFF", (".tif", ".tiff"), "image/tiff", True, deep=True, holds=_USUAL | {"dpi", "tags"}
    ),
    Format("BMP", (".bmp",), "image/bmp", False, holds=frozenset({"dpi"})),
    Format("PPM", (".ppm", ".pgm", ".pnm"), "image/x-portable-anymap", False),
    Format("AVIF", (".avif",), "image/avif", True, holds=_USUAL | {"cicp"}),
    # Free encoders of HEIC are under the GPL, with which this package would not be Apache-2.0.
    Format("HEIF", (".heic", ".heif"), "image/heic", True, written=False),
)  # fmt: skip

FORMATS: Mapping[str, Format] = {entry.name: entry for entry in _TABLE}
SUFFIXES: Mapping[str, Format] = {s: entry for entry in _TABLE for s in entry.suffixes}


def format_of(path: Path) -> Format:
    """The format a file is to be written in, by its name.

    Raises:
        InvalidImageError: No format of ours has this ending, or it is one that we only read.
    """
    try:
        found = SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = " ".join(entry.suffixes[0] for entry in _TABLE if entry.written)
        raise InvalidImageError(
            f"{path}: no picture format ends in '{path.suffix}'; use one of {known}"
        ) from None
    check_written(found, str(path))
    return found


def check_written(kind: Format, name: str) -> None:
    """Raise :class:`InvalidImageError` where pictures of this format are only read."""
    if not kind.written:
        raise InvalidImageError(
            f"{name}: HEIC is read, but not written; give another with --format jpg or -o NAME.jpg"
        )
