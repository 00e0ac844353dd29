"""From the bytes of a picture file to the bytes of its result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derain.media import PictureFile, check_fits, encode_picture, left_out
from derain.restore.derainer import Derainer


@dataclass(frozen=True)
class Restored:
    """The result of a picture file.

    Attributes:
        data: The file.
        size: Width and height.
        notes: What was not understood of the picture, and what the result has no place for.
        changed: Whether any pixel differs from that of the picture.
    """

    data: bytes
    size: tuple[int, int]
    notes: tuple[str, ...]
    changed: bool


def restore_file(
    derainer: Derainer,
    file: PictureFile,
    *,
    kind: str | None = None,
    quality: int | None = None,
    max_pixels: int | None = None,
) -> Restored:
    """Derain a picture file: upright, at its own depth, with its profile, alpha and metadata.

    Args:
        derainer: With the strength that is wanted.
        file: The picture's.
        kind: Pillow's name of the result's format; None for the picture's own.
        quality: As :func:`derain.media.encode_picture`.
        max_pixels: Larger pictures are refused.

    Raises:
        InvalidImageError: No picture, or none that the format can hold; says what to do.
        OutOfMemoryError, NonFiniteError: The run.
    """
    picture = file.decode(max_pixels)
    kind = kind or picture.format
    check_fits(picture, kind, file.name)
    notes = list(picture.notes)
    if told := left_out(picture, kind):
        notes.append(told)
    clean = picture.with_colour(derainer(picture.colour))
    made = encode_picture(clean, kind, file.name, quality)
    changed = not np.array_equal(picture.colour, clean.colour)
    return Restored(made, picture.size, tuple(notes), changed)
