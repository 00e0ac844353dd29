"""What is measured on: sets of pairs, of photographs without rain, of real rain."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from derain.data import Pair, list_images, open_pairs, read_rgb, resolve_source, spread
from derain.errors import DatasetError, InvalidImageError, UsageError
from derain.evaluation.checks import check_name
from derain.evaluation.views import View
from derain.metrics import Kind

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Item:
    """One picture of a set.

    Attributes:
        name: Unique within the set.
        files: The files it is read from.
        pair: Its pair; None without ground truth.
        view: How it is seen; None for as it is.
    """

    name: str
    files: tuple[Path, ...]
    pair: Pair | None = None
    view: View | None = None

    def load(self) -> tuple[Pixels, Pixels | None]:
        """The rainy picture and the clean one where there is one.

        Raises:
            DatasetError: They cannot be read, or are too small for the view.
        """
        rainy, clean = self.pair.load() if self.pair else (read_rgb(self.files[0]), None)
        if self.view is None:
            return rainy, clean
        try:
            return self.view(rainy), None if clean is None else self.view(clean)
        except InvalidImageError as error:
            raise DatasetError(f"{self.files[0]}: {error}") from error


@dataclass(frozen=True)
class TestSet:
    """A named set of one kind.

    Attributes:
        unpaired: Pictures without a partner, which are left out.
        view: How its pictures are seen; empty for as they are.
        origin: The name of the set that this is a view of; empty where it is none.
    """

    name: str
    kind: Kind
    items: tuple[Item, ...]
    unpaired: tuple[Path, ...] = ()
    view: str = ""
    origin: str = ""


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
    check_name(name if separator and source else "", named, "NAME=PATH")
    path = resolve_source(source)
    unpaired: list[Path] = []
    if kind == "pairs":
        pairs = open_pairs(path)
        unpaired = pairs.lonely
        items = [Item(p.name, tuple(dict.fromkeys((p.rainy, p.clean))), p) for p in pairs]
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
    return TestSet(name, kind, tuple(spread(items, limit)), tuple(unpaired))


def seen_as(testset: TestSet, view: View) -> TestSet:
    """The same pictures in another view, as a set with a name of its own: ``rain800 x2``."""
    return TestSet(
        f"{testset.name} {view.name}",
        testset.kind,
        tuple(replace(item, view=view) for item in testset.items),
        view=view.name,
        origin=testset.name,
    )


def with_views(testsets: Sequence[TestSet], views: Sequence[View]) -> list[TestSet]:
    """Every set, each followed by its views; real rain, which has no ground truth, has none.

    Raises:
        UsageError: Views were asked for, but there is no set that they are for.
    """
    if views and all(testset.kind == "real" for testset in testsets):
        raise UsageError(
            "--enlarge and --turn are for sets with ground truth; add --data NAME=PATH"
        )
    seen: list[TestSet] = []
    for testset in testsets:
        seen.append(testset)
        if testset.kind != "real":
            seen += [seen_as(testset, view) for view in views]
    return seen


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
