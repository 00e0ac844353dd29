"""Animated pictures: GIF, WebP and PNG, through Pillow; frames, durations, loops, transparency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from derain.clips.formats import may_be_animated
from derain.clips.frames import Pixels
from derain.errors import DerainError, InputNotFoundError, InvalidImageError, first_line
from derain.files import explain_os_error
from derain.media import too_large

_FORMATS = ("GIF", "PNG", "WEBP")
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
_PNG_DEPTH = 24  # of the header's byte that says how many bits a sample has
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


@dataclass(frozen=True)
class Animation:
    """What an animated picture holds beside its frames.

    Attributes:
        path: The file.
        size: (width, height).
        frames: How many.
        plays: How often, 0 for ever.
        durations: Of the frames, in milliseconds.
        lossless: Whether its format holds pixels as they are.
        still: Whether the first frame is a PNG's picture for programs that do not play it.
        metadata: What else Pillow is told when it writes another one like it.
    """

    path: Path
    size: tuple[int, int]
    frames: int
    plays: int
    durations: tuple[float, ...]
    lossless: bool
    still: bool
    metadata: dict[str, Any]


def is_animated(path: Path, data: bytes | None = None) -> bool:
    """Whether a file is a picture with several frames; False where it cannot be read.

    Args:
        path: The file.
        data: What it holds, where that is known already.
    """
    if not may_be_animated(path):
        return False
    try:
        with Image.open(path if data is None else BytesIO(data), formats=_FORMATS) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except _UNREADABLE:
        return False


def open_animation(path: Path, max_pixels: int | None = None) -> Animation:
    """Read how an animated picture plays; GIFs of one frame are such, too.

    Args:
        path: The file.
        max_pixels: Larger ones are refused, before a frame is unpacked.

    Raises:
        InputNotFoundError, InvalidImageError: It cannot be read or kept.
    """
    durations: list[float] = []
    try:
        with Image.open(path, formats=_FORMATS) as image:
            if max_pixels is not None and image.width * image.height > max_pixels:
                raise too_large(str(path), image.width, image.height, max_pixels)
            info, kind = dict(image.info), image.format
            still = kind == "PNG" and bool(getattr(image, "default_image", False))
            lossless = kind != "WEBP" or b"VP8L" in path.read_bytes()
            for frame in _frames(image, path):
                durations.append(float(frame.info.get("duration", 0)))
            size = image.size
    except UnidentifiedImageError:
        raise InvalidImageError(f"{path}: not an animated picture of a known format") from None
    except _UNREADABLE as error:
        raise _unreadable(error, path) from error
    plays = int(info.get("loop", 1))
    if kind == "GIF" and "loop" in info and plays:
        plays += 1  # GIF counts how often it plays again
    kept = ("icc_profile", "exif", "xmp", "comment")
    metadata = {key: info[key] for key in kept if info.get(key)}
    return Animation(path, size, len(durations), plays, tuple(durations), lossless, still, metadata)


def _frames(image: Image.Image, path: Path) -> Iterator[Image.Image]:
    """Its frames, loaded: WebP says only then how long one lasts."""
    deep = image.format == "PNG" and _bits_of_png(path) > 8  # which Pillow reads at 8
    for frame in ImageSequence.Iterator(image):
        frame.load()
        if deep or frame.mode not in _MODES:
            raise InvalidImageError(f"{path}: has more than 8 bits a sample; not supported")
        yield frame


def _bits_of_png(path: Path) -> int:
    with path.open("rb") as file:
        return file.read(_PNG_DEPTH + 1)[_PNG_DEPTH]


def animation_frames(path: Path) -> Iterator[tuple[Pixels, Pixels | None]]:
    """(H, W, 3) uint8 and the (H, W) transparency, if any, of each frame as it is seen."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            for frame in _frames(image, path):
                pixels = np.asarray(frame.convert("RGBA"))
                opaque = bool((pixels[..., 3] == 255).all())
                yield np.ascontiguousarray(pixels[..., :3]), None if opaque else pixels[..., 3]
    except _UNREADABLE as error:
        raise _unreadable(error, path) from error


def _unreadable(error: Exception, path: Path) -> DerainError:
    """What the system says of a file, or Pillow of what is in it."""
    if isinstance(error, FileNotFoundError):
        return InputNotFoundError(f"{path}: no such file")
    if isinstance(error, OSError) and error.errno:
        return explain_os_error(error, path)
    return InvalidImageError(f"{path}: damaged picture ({first_line(error)})")
