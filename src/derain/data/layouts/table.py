"""A table that names the two files of each pair."""

from __future__ import annotations

import csv
from pathlib import Path

from derain.data.layouts.base import Layout
from derain.data.pairs import Pair, Pairs
from derain.errors import DatasetError


class Table(Layout):
    """A CSV file with the columns ``rainy`` and ``clean``; a pair is called as its rainy file.

    Paths start at ``root``, or where that is not given at the table's folder or one above it.
    """

    name = "csv"
    example = "a table with the columns rainy and clean"

    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        return self.read(path, root) if path.suffix.lower() == ".csv" else None

    def read(self, path: Path, root: Path | None = None) -> Pairs:
        rows = _rows(path)
        roots = (root,) if root else (path.parent, *path.resolve().parents[1:4])
        start = next((r for r in roots if (r / rows[0][0]).is_file()), None)
        if start is None:
            raise DatasetError(f"{path}: names {roots[0] / rows[0][0]}, which is not there")
        pairs = (Pair(Path(rainy).stem, start / rainy, start / clean) for rainy, clean in rows)
        return Pairs("a table", pairs)


def _rows(path: Path) -> list[tuple[str, str]]:
    """(rainy, clean) of each row."""
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: is no table ({error})") from error
    if not rows or not {"rainy", "clean"} <= set(rows[0]):
        raise DatasetError(f"{path}: needs the columns 'rainy' and 'clean' and at least one row")
    for number, row in enumerate(rows, 1):
        if not row["rainy"] or not row["clean"]:
            raise DatasetError(f"{path}: row {number} does not name both pictures")
    return [(row["rainy"], row["clean"]) for row in rows]
