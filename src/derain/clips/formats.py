"""Which files are clips, and what a clip's result is written as; needs no library."""

from __future__ import annotations

from pathlib import Path

from derain.errors import InvalidImageError

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""Containers that are written, and FFmpeg's names of them."""

WRITTEN = tuple(MUXERS)
"""Containers that are read and written."""

READ = (".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv", ".vob")
"""Containers that are read; their results are Matroska, which holds what they hold."""

RENAMED = ".mkv"
"""The ending of their results."""

ANIMATED = (".gif", ".webp", ".png", ".apng")
"""Pictures that may hold several frames, which Pillow reads and writes."""


CLIPS = (*WRITTEN, *READ, ".gif", ".apng")
"""Endings that say by themselves that a file is a clip and no picture."""


def is_container(path: Path) -> bool:
    """Whether a name is that of a video file."""
    return path.suffix.lower() in (*WRITTEN, *READ)


def is_clip(path: Path) -> bool:
    """Whether a name says by itself that this is a clip and no picture."""
    return path.suffix.lower() in CLIPS


def may_be_animated(path: Path) -> bool:
    """Whether a file of this name may be a clip, though it looks like a picture."""
    return path.suffix.lower() in ANIMATED


def result_name(path: Path) -> Path:
    """The clip's name with the ending that its result has."""
    return path.with_suffix(RENAMED) if path.suffix.lower() in READ else path


def suffix_of_result(head: bytes) -> str | None:
    """The ending of a clip's result by how the clip begins; None for a picture, animated or not.

    What is not known by its beginning gets the ending of all that is only read.
    """
    if head.startswith((b"GIF8", b"\x89PNG", b"\xff\xd8")) or head[8:12] == b"WEBP":
        return None
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ".webm" if b"webm" in head[:64] else ".mkv"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis", b"heic", b"heix", b"mif1"):
            return None
        if brand[:2] == b"3g":
            return RENAMED
        return {b"qt  ": ".mov", b"M4V ": ".m4v"}.get(brand, ".mp4")
    return ".mov" if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip") else RENAMED


def check_clip_name(source: Path, target: Path) -> None:
    """Raise :class:`InvalidImageError` where the result could not be written under this name."""
    fits = ANIMATED if may_be_animated(source) else WRITTEN
    if target.suffix.lower() not in fits:
        raise InvalidImageError(
            f"{target}: '{target.suffix}' is no ending for this clip's result; "
            f"use one of {' '.join(fits)}"
        )
