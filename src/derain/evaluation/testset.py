"""What is measured on: sets of pairs, of photographs without rain, of real rain, of clips."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from derain.data import list_images, open_pairs, resolve_source, spread
from derain.errors import DatasetError, UsageError
from derain.evaluation.checks import check_clips, check_name
from derain.evaluation.clip import ClipItem
from derain.evaluation.clip_pairs import pair_clips
from derain.evaluation.item import Item
from derain.evaluation.picture import PictureItem
from derain.evaluation.views import View
from derain.metrics import Kind

_VIEWED = ("pairs", "rain-free")


@dataclass(frozen=True)
class TestSet:
    """A named set of one kind.

    Attributes:
        unpaired: Pictures or clips without a partner, which are left out.
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
    items, unpaired = _ITEMS[kind](path)
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


def _pairs(path: Path) -> tuple[list[Item], list[Path]]:
    pairs = open_pairs(path)
    items: list[Item] = [
        PictureItem(p.name, tuple(dict.fromkeys((p.rainy, p.clean))), p) for p in pairs
    ]
    return items, pairs.lonely


def _pictures(path: Path) -> tuple[list[Item], list[Path]]:
    names = {p: p.relative_to(path).with_suffix("").as_posix() for p in list_images(path)}
    return [PictureItem(name, (p,)) for p, name in names.items()], []


def _clips(path: Path) -> tuple[list[Item], list[Path]]:
    pairs, lonely = pair_clips(path)
    check_clips(path for pair in pairs for path in pair[1:])
    return [ClipItem(*pair) for pair in pairs], lonely


_ITEMS: dict[Kind, Callable[[Path], tuple[list[Item], list[Path]]]] = {
    "pairs": _pairs,
    "rain-free": _pictures,
    "real": _pictures,
    "clips": _clips,
}


def seen_as(testset: TestSet, view: View) -> TestSet:
    """The same pictures in another view, as a set with a name of its own: ``rain800 x2``."""
    return TestSet(
        f"{testset.name} {view.name}",
        testset.kind,
        tuple(replace(item, view=view) for item in testset.items if isinstance(item, PictureItem)),
        view=view.name,
        origin=testset.name,
    )


def with_views(testsets: Sequence[TestSet], views: Sequence[View]) -> list[TestSet]:
    """Every set, each followed by its views; real rain, which has no ground truth, has none, nor
    have clips.

    Raises:
        UsageError: Views were asked for, but there is no set that they are for.
    """
    if views and not any(testset.kind in _VIEWED for testset in testsets):
        raise UsageError(
            "--enlarge and --turn are for pictures with ground truth; add --data NAME=PATH"
        )
    seen: list[TestSet] = []
    for testset in testsets:
        seen.append(testset)
        if testset.kind in _VIEWED:
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
