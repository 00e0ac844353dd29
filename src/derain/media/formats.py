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
        alpha: Whether it can hold an alpha channel.
        deep: Whether we write it at 16 bits.
    """

    name: str
    suffixes: tuple[str, ...]
    alpha: bool
    deep: bool = False


_TABLE = (
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), alpha=False),
    Format("PNG", (".png",), alpha=True, deep=True),
    Format("WEBP", (".webp",), alpha=True),
    Format("TIFF", (".tif", ".tiff"), alpha=True, deep=True),
    Format("BMP", (".bmp",), alpha=False),
    Format("PPM", (".ppm", ".pgm", ".pnm"), alpha=False),
    Format("AVIF", (".avif",), alpha=True),
    Format("HEIF", (".heic", ".heif"), alpha=True),
)

FORMATS: Mapping[str, Format] = {entry.name: entry for entry in _TABLE}
SUFFIXES: Mapping[str, Format] = {s: entry for entry in _TABLE for s in entry.suffixes}


def format_of(path: Path) -> Format:
    """The format a file's name asks for.

    Raises:
        InvalidImageError: No format of ours has this ending.
    """
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = " ".join(entry.suffixes[0] for entry in _TABLE)
        raise InvalidImageError(
            f"{path}: no picture format ends in '{path.suffix}'; use one of {known}"
        ) from None
