"""Pairs of rainy and clean pictures on disk, in the layouts seen in the wild."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from derain.errors import DatasetError, DerainError
from derain.files import explain_os_error
from derain.media import read_picture

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})

Pixels = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True)
class Pair:
    """One rainy picture and its clean partner.

    Attributes:
        name: Unique within its source.
        rainy: The file with the rainy picture.
        clean: The file with the clean one; the same file when they stand side by side.
        side_by_side: Both are halves of one file, clean on the left (Rain800's layout).
        rainy_left: Side by side the other way round.
    """

    name: str
    rainy: Path
    clean: Path
    side_by_side: bool = False
    rainy_left: bool = False

    def load(self) -> tuple[Pixels, Pixels]:
        """(rainy, clean), each (H, W, 3) uint8 of one size."""
        if self.side_by_side:
            both = read_rgb(self.rainy)
            half = both.shape[1] // 2
            left, right = both[:, :half], both[:, half : 2 * half]
            return (left, right) if self.rainy_left else (right, left)
        rainy, clean = read_rgb(self.rainy), read_rgb(self.clean)
        if rainy.shape != clean.shape:
            raise DatasetError(
                f"{self.rainy} is {rainy.shape[1]}x{rainy.shape[0]}, its clean partner "
                f"{self.clean} is {clean.shape[1]}x{clean.shape[0]}; pairs must have one size"
            )
        return rainy, clean


def read_rgb(path: Path) -> Pixels:
    """An upright 8-bit RGB picture, (H, W, 3); grey is repeated, alpha is left out."""
    try:
        picture = read_picture(path)
    except DerainError as error:
        raise DatasetError(str(error)) from error
    if picture.deep:
        raise DatasetError(f"{path}: has 16 bits a channel; data sets are read at 8, convert it")
    return np.ascontiguousarray(np.broadcast_to(picture.colour, (*picture.colour.shape[:2], 3)))


def list_images(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted; an empty, missing or shut folder is an error."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")

    def shut(error: OSError) -> None:
        raise explain_os_error(error, error.filename)

    below = (Path(root, name) for root, _, names in os.walk(folder, onerror=shut) for name in names)
    found = sorted(path for path in below if path.suffix.lower() in SUFFIXES)
    if not found:
        raise DatasetError(f"{folder}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return found


def spread(items: Sequence[T], limit: int) -> list[T]:
    """At most ``limit`` items, spread evenly; 0 for all."""
    if not limit or len(items) <= limit:
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def list_pairs(path: Path, layout: str, root: Path | None = None) -> list[Pair]:
    """Pairs in one of three layouts.

    Args:
        path: A folder, or for ``csv`` a table.
        layout: ``side-by-side``: one file each, clean left and rainy right; ``folders``: ``rainy/``
            and ``clean/`` with equal names (what ``derain synthesize`` writes); ``csv``: a table
            with the columns rainy and clean.
        root: Where the table's paths start; by default the table's folder.
    """
    if layout == "side-by-side":
        return _unique([Pair(_name(p, path), p, p, side_by_side=True) for p in list_images(path)])
    if layout == "folders":
        return _unique(_from_folders(path))
    if layout == "csv":
        return _unique(_from_table(path, root or path.parent))
    raise DatasetError(f"unknown layout {layout!r}; known: side-by-side, folders, csv")


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _unique(pairs: list[Pair]) -> list[Pair]:
    names: dict[str, Path] = {}
    for pair in pairs:
        if pair.name in names:
            raise DatasetError(f"{names[pair.name]} and {pair.rainy} have one name; rename one")
        names[pair.name] = pair.rainy
    return pairs


def _from_folders(path: Path) -> list[Pair]:
    clean = {_name(p, path / "clean"): p for p in list_images(path / "clean")}
    pairs = []
    for rainy in list_images(path / "rainy"):
        name = _name(rainy, path / "rainy")
        if name not in clean:
            raise DatasetError(f"{rainy}: no clean partner in {path / 'clean'}")
        pairs.append(Pair(name, rainy, clean[name]))
    return pairs


def _from_table(path: Path, root: Path) -> list[Pair]:
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    if not rows or not {"rainy", "clean"} <= set(rows[0]):
        raise DatasetError(f"{path}: needs the columns 'rainy' and 'clean' and at least one row")
    return [Pair(Path(r["rainy"]).stem, root / r["rainy"], root / r["clean"]) for r in rows]
