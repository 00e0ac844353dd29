"""The one door to pairs on disk, whatever way they lie."""

from __future__ import annotations

from pathlib import Path

from derain.data.layouts.base import Layout
from derain.data.layouts.folders import Folders
from derain.data.layouts.halves import Halves
from derain.data.layouts.mixed import Mixed
from derain.data.layouts.names import picture_key
from derain.data.layouts.nested import Nested
from derain.data.layouts.table import Table
from derain.data.pairs import Pairs
from derain.errors import DatasetError

__all__ = ["AUTO", "LAYOUTS", "Layout", "layout_named", "open_pairs", "picture_key"]

AUTO = "auto"
_OF_A_FOLDER: tuple[Layout, ...] = (Folders(), Mixed(), Halves())
LAYOUTS: tuple[Layout, ...] = (Table(), *_OF_A_FOLDER, Nested(_OF_A_FOLDER))
"""All layouts, in the order in which they are tried. A new one is a file and a word here."""


def layout_named(name: str) -> Layout:
    """A layout by its name.

    Raises:
        DatasetError: Unknown; names all.
    """
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    known = ", ".join((AUTO, *(layout.name for layout in LAYOUTS)))
    raise DatasetError(f"unknown layout {name!r}; known: {known}")


def open_pairs(path: Path, layout: str = AUTO, root: Path | None = None) -> Pairs:
    """The pairs of a data set; files are listed, but no picture is read before it is asked for.

    Args:
        path: A folder, or a table.
        layout: A layout's name, where nothing may be guessed: then a rainy picture without a
            partner is an error. ``auto`` looks which it is, as the sets' own packing leaves them,
            and tells apart what has no partner.
        root: Where a table's paths start; by default the table's folder or one above it.

    Raises:
        DatasetError: It is missing, empty, of no known layout or not of the one that is named; or
            two pairs have one name.
    """
    if layout != AUTO:
        return _unique(layout_named(layout).read(path, root))
    for each in LAYOUTS:
        if found := each.recognise(path, root):
            return _unique(found)
    if not path.is_dir():
        raise DatasetError(f"{path}: no such folder")
    if not any(path.rglob("*.*")):
        raise DatasetError(f"{path}: holds no pictures")
    examples = [each.example for each in LAYOUTS]
    known = f"{', '.join(examples[:-1])} or {examples[-1]}"
    raise DatasetError(f"{path}: no pairs recognised; known are {known} (derain data show NAME)")


def _unique(pairs: Pairs) -> Pairs:
    names: dict[str, Path] = {}
    for pair in pairs:
        if (other := names.setdefault(pair.name, pair.rainy)) is not pair.rainy:
            raise DatasetError(f"{other} and {pair.rainy} have one name; rename one")
    return pairs
