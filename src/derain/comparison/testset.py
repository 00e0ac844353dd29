"""What is measured on: sets of pairs, of dry photographs, of real rain without ground truth."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from derain.data import Pair, find_pairs, list_images, read_rgb, resolve_source, spread
from derain.errors import DatasetError, UsageError

Kind = Literal["pairs", "rain-free", "real"]
KINDS: tuple[Kind, ...] = ("pairs", "rain-free", "real")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Item:
    """One picture of a set.

    Attributes:
        name: Unique within the set.
        files: The files it is read from.
        pair: Its pair; None without ground truth.
    """

    name: str
    files: tuple[Path, ...]
    pair: Pair | None = None

    def load(self) -> tuple[Pixels, Pixels | None]:
        """The rainy picture and the clean one where there is one."""
        return self.pair.load() if self.pair else (read_rgb(self.files[0]), None)


@dataclass(frozen=True)
class TestSet:
    """A named set of one kind.

    Attributes:
        lonely: Pictures without a partner, which are left out.
    """

    name: str
    kind: Kind
    items: tuple[Item, ...]
    lonely: tuple[Path, ...] = ()


def open_testset(
    named: str, kind: Kind, only: Collection[str] | None = None, limit: int = 0
) -> TestSet:
    """Open ``NAME=PATH``.

    Args:
        named: Name and path; the path may be a folder, a table, or ``hf:OWNER/NAME``.
        kind: What the folder holds.
        only: Names of the pictures to take, by default all.
        limit: At most this many, spread evenly; 0 for all.

    Raises:
        UsageError: Not of the form NAME=PATH.
        DatasetError: Missing, empty, of no known layout, or without the pictures asked for.
    """
    name, separator, source = named.partition("=")
    if not separator or not name or not source:
        raise UsageError(f"'{named}' is not of the form NAME=PATH")
    path = resolve_source(source)
    lonely: list[Path] = []
    if kind == "pairs":
        found = find_pairs(path)
        lonely = found.lonely
        items = [Item(p.name, tuple(dict.fromkeys((p.rainy, p.clean))), p) for p in found.pairs]
    else:
        items = [
            Item(p.relative_to(path).with_suffix("").as_posix(), (p,)) for p in list_images(path)
        ]
    if len({item.name for item in items}) < len(items):
        raise DatasetError(f"{path}: two pictures have one name; rename one")
    if only is not None:
        items = [item for item in items if item.name in only]
        if missing := set(only) - {item.name for item in items}:
            raise DatasetError(
                f"{path}: lacks {len(missing)} of the pictures asked for, such as "
                f"{sorted(missing)[0]}"
            )
    return TestSet(name, kind, tuple(spread(items, limit)), tuple(lonely))


def read_subset(path: Path) -> dict[str, list[str]]:
    """Set -> names of the pictures to take, from a JSON file.

    Raises:
        DatasetError: Not such a file.
    """
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not a list of pictures ({error})") from error
    fits = isinstance(values, dict) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names)
        for names in values.values()
    )
    if not fits:
        raise DatasetError(f'{path}: must be of the form {{"set": ["name", ...]}}')
    subset: dict[str, list[str]] = values
    return subset
