"""A folder of numbered pictures as one clip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from derain.clips.derainers import FrameDerainer, beside
from derain.clips.frames import Pixels
from derain.clips.result import ClipResult
from derain.errors import InputNotFoundError, InvalidImageError
from derain.files import OVER, Placing
from derain.media import SUFFIXES, Picture, encode_picture, format_of, read_picture


def frame_files(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the numbers in their names.

    Raises:
        InputNotFoundError: There are none.
    """
    if not folder.is_dir():
        raise InputNotFoundError(f"{folder}: no such folder; --frames takes folders of pictures")
    found = [
        path for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]  # fmt: skip
    if not found:
        raise InputNotFoundError(f"{folder}: holds no pictures, which --frames needs")
    return sorted(found, key=_order)


def _order(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"\d+|\D+", path.stem)
    numbers = [int(part) if part.isdecimal() else -1 for part in parts]
    return list(zip(numbers, parts, strict=True)), path.name


def read_folder(files: list[Path], max_pixels: int | None = None) -> Iterator[Picture]:
    """The pictures, one after the other; those of more than ``max_pixels`` are refused.

    Raises:
        InvalidImageError: One cannot be read, or is of another size or depth than the first.
    """
    first: tuple[tuple[int, int], bool] | None = None
    for path in files:
        picture = read_picture(path, max_pixels)
        first = first or (picture.size, picture.deep)
        if (picture.size, picture.deep) != first:
            (width, height), deep = first
            raise InvalidImageError(
                f"{path}: frames of a clip have one size and depth; the first is {width}x{height} "
                f"at {16 if deep else 8} bits"
            )
        yield picture


def colours(picture: Picture) -> Pixels:
    """(H, W, 3), grey three times."""
    return np.ascontiguousarray(np.broadcast_to(picture.colour, (*picture.colour.shape[:2], 3)))


def derain_folder(
    files: list[Path],
    target: Path,
    missing: list[Path],
    derainer: FrameDerainer,
    progress: Callable[[int, int], None],
    quality: int | None = None,
    placing: Placing = OVER,
    max_pixels: int | None = None,
) -> ClipResult:
    """Derain a folder of frames into another.

    Args:
        files: All frames, in order.
        target: The folder of the results, which have the frames' names.
        missing: Those of ``files`` whose results are to be made; each is there when it is whole,
            so a run that was killed is gone on with by making what is missing.
        derainer: Applied to the frames.
        progress: Told (finished frames, all frames that are to be made).
        quality: As for :func:`derain.media.encode_picture`.
        placing: What becomes of a file that came under a result's name since the work began.
        max_pixels: Larger frames are refused.

    Returns:
        What was made now; ``frames`` are those of ``missing``.

    Raises:
        InvalidImageError: A frame cannot be read; the results of those before it are written.
        OutputConflictError: A file is in the way of a result; those before it are written.
    """
    for path in missing:
        format_of(path)
    wanted = set(missing)
    places = [place for place, path in enumerate(files) if path in wanted]
    first = max(0, places[0] - derainer.context)
    last = min(len(files), places[-1] + derainer.context + 1)
    damaged: list[InvalidImageError] = []

    def frames() -> Iterator[tuple[Path, Picture]]:
        part = files[first:last]
        try:
            yield from zip(part, read_folder(part, max_pixels), strict=True)
        except InvalidImageError as error:  # those before it are derained first
            damaged.append(error)

    done, size, changed = 0, (0, 0), False
    for (path, picture), clean in beside(derainer, frames(), lambda frame: colours(frame[1])):
        size = picture.size
        if path not in wanted:
            continue
        if picture.colour.shape[2] == 1:
            clean = np.rint(clean.mean(axis=2, keepdims=True)).astype(clean.dtype)
        changed = changed or not np.array_equal(picture.colour, clean)
        output, made = target / path.name, picture.with_colour(clean)
        placing.write(output, encode_picture(made, format_of(output).name, str(output), quality))
        done += 1
        progress(done, len(missing))
    if damaged:
        raise damaged[0]
    return ClipResult(done, *size, changed=changed)
