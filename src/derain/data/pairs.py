"""Pairs of a rainy and a clean picture on disk, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from derain.errors import DatasetError, DerainError
from derain.files import explain_os_error
from derain.media import read_picture

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})

Pixels = NDArray[np.uint8]
Half = Literal["", "left", "right"]
"""Of a picture: the whole of it, or the half that is meant."""
T = TypeVar("T")


def read_rgb(path: Path) -> Pixels:
    """An upright 8-bit RGB picture, (H, W, 3); grey is repeated, alpha is left out."""
    try:
        picture = read_picture(path)
    except DerainError as error:
        raise DatasetError(str(error)) from error
    if picture.deep:
        raise DatasetError(f"{path}: has 16 bits a channel; data sets are read at 8, convert it")
    return np.ascontiguousarray(np.broadcast_to(picture.colour, (*picture.colour.shape[:2], 3)))


def half_of(pixels: Pixels, half: Half) -> Pixels:
    """A half of (H, W, 3) as a view, without the odd last column; the whole for ``""``."""
    middle = pixels.shape[1] // 2
    if half:
        return pixels[:, :middle] if half == "left" else pixels[:, middle : 2 * middle]
    return pixels


@dataclass(frozen=True, slots=True)
class Pair:
    """One rainy picture and its clean partner; nothing is read before :meth:`load`.

    Attributes:
        name: Unique within its source.
        rainy: The file with the rainy picture.
        clean: The file with the clean one; the same file when they stand side by side.
        clean_half: Side by side, where the clean one stands; empty for files of their own.
    """

    name: str
    rainy: Path
    clean: Path
    clean_half: Half = ""

    def load(self, read: Callable[[Path], Pixels] = read_rgb) -> tuple[Pixels, Pixels]:
        """(rainy, clean), each (H, W, 3) uint8 of one size.

        Args:
            read: Reads a file; one with a cache behind it spares the decoding.

        Raises:
            DatasetError: A file cannot be read, or the two differ in size; names it.
        """
        if self.clean_half:
            both = read(self.rainy)
            other: Half = "right" if self.clean_half == "left" else "left"
            return half_of(both, other), half_of(both, self.clean_half)
        rainy, clean = read(self.rainy), read(self.clean)
        self.check_sizes(rainy.shape[:2], clean.shape[:2])
        return rainy, clean

    def check_sizes(self, rainy: tuple[int, ...], clean: tuple[int, ...]) -> None:
        """Refuse partners of different (height, width)."""
        if rainy != clean:
            raise DatasetError(
                f"{self.rainy} is {rainy[1]}x{rainy[0]}, its clean partner {self.clean} is "
                f"{clean[1]}x{clean[0]}; pairs must have one size"
            )


class Pairs(Sequence[Pair]):
    """The pairs of a data set, in order.

    Attributes:
        layout: How the set lies on disk, for people.
        lonely: Pictures without a partner, which are in no pair.
    """

    def __init__(self, layout: str, pairs: Iterable[Pair], lonely: Iterable[Path] = ()) -> None:
        self.layout, self._pairs, self.lonely = layout, list(pairs), list(lonely)

    def __len__(self) -> int:
        return len(self._pairs)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        return self._pairs[index]


def list_images(folder: Path, deep: bool = True) -> list[Path]:
    """All pictures below ``folder``, sorted; an empty, missing or shut folder is an error.

    Args:
        folder: Where to look.
        deep: In its folders, too.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")

    def shut(error: OSError) -> None:
        raise explain_os_error(error, error.filename)

    found: list[str] = []  # text, not paths, where there may be 100,000 of them
    for root, folders, names in os.walk(folder, onerror=shut):
        found += [
            os.path.join(root, name)  # noqa: PTH118
            for name in names
            if os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122
        ]
        if not deep:
            folders.clear()
    if not found:
        raise DatasetError(f"{folder}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    # Ordered as paths are, by their parts.
    found.sort(key=lambda path: os.path.normcase(path).split(os.sep))  # noqa: PTH206
    return [Path(path) for path in found]


def spread(items: Sequence[T], limit: int) -> list[T]:
    """At most ``limit`` items, spread evenly; 0 for all."""
    if not limit or len(items) <= limit:
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]
