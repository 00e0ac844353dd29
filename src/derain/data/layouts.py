"""Recognise how a data set was unpacked: each layout is one function, tried in turn."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from derain.data.pairs import Pair, list_images, list_pairs, read_rgb
from derain.data.scenes import perceptual_hash
from derain.errors import DatasetError

RAINY = (
    "rainy", "rain", "input", "inputs", "rainy_image", "rainy_images", "data", "lq", "degraded",
    "x2", "small",
)  # fmt: skip
CLEAN = (
    "clean", "norain", "target", "targets", "gt", "ground_truth", "groundtruth", "label", "hq",
    "clear", "no_rain",
)  # fmt: skip
_MARK = re.compile(
    r"^(no)?rain[-_ ]+|[-_ ]*(norain|rainy|rain|clean|target|input|gt|in|x2|s100|c-\d+)$", re.I
)
_VARIANT = re.compile(r"_\d+$")
_SAMPLES = 8


@dataclass(frozen=True)
class Found:
    """What a folder holds.

    Attributes:
        layout: Its layout, for people.
        pairs: Every rainy picture with its clean partner.
        lonely: Pictures without a partner.
    """

    layout: str
    pairs: list[Pair]
    lonely: list[Path] = field(default_factory=list)


def picture_key(stem: str) -> str:
    """What is left of a file's name without the marks of its role: norain-001x2 -> 001."""
    previous = None
    while previous != stem:
        previous, stem = stem, _MARK.sub("", stem) or stem
    return stem.lower()


def find_pairs(path: Path) -> Found:
    """Recognise a data set as its own packing leaves it.

    Known: a table with the columns rainy and clean; two folders side by side under the names of the
    field; rainy and clean mixed in one folder (rain-001 beside norain-001, 001_in beside 001_GT,
    GT-Rain's -R- and -C-); both halves in one picture; and folders of such folders.

    Raises:
        DatasetError: The folder is missing, empty or of no known layout.
    """
    if path.suffix.lower() == ".csv":
        return Found("a table", _from_table(path))
    if not path.is_dir():
        raise DatasetError(f"{path}: no such folder")
    for recognise in _LAYOUTS:
        found = recognise(path)
        if found:
            return found
    known = "rainy/ and clean/, rain-001 beside norain-001, or both halves in one picture"
    if not any(path.rglob("*.*")):
        raise DatasetError(f"{path}: holds no pictures")
    raise DatasetError(f"{path}: no pairs recognised; known are {known} (derain data show NAME)")


def _from_table(path: Path) -> list[Pair]:
    """Paths in a table start at its folder or at one above it."""
    for root in (path.parent, *path.resolve().parents[1:4]):
        pairs = list_pairs(path, "csv", root)
        if pairs[0].rainy.is_file():
            return pairs
    raise DatasetError(f"{path}: names {pairs[0].rainy}, which is not there")


def _images(folder: Path) -> list[Path]:
    try:
        return list_images(folder)
    except DatasetError:
        return []


def _two_folders(path: Path) -> Found | None:
    folders = {p.name.lower(): p for p in sorted(path.iterdir()) if p.is_dir()}
    clean = next((folders[name] for name in CLEAN if name in folders), None)
    rainy = next((folders[name] for name in RAINY if name in folders), None)
    if not clean or not rainy:
        return None
    partners = {_key(p, clean): p for p in _images(clean)}
    pairs, lonely, used = [], [], set()
    for picture in _images(rainy):
        key = _key(picture, rainy)
        if key not in partners:  # Rain1400: 901_1 ... 901_14 share 901; Rain100H: rain/X2/
            key = _VARIANT.sub("", key) if _VARIANT.sub("", key) in partners else _leaf(key)
        if key in partners:
            used.add(key)
            name = picture.relative_to(rainy).with_suffix("").as_posix()
            pairs.append(Pair(name, picture, partners[key]))
        else:
            lonely.append(picture)
    lonely += [p for key, p in partners.items() if key not in used]
    if not pairs:
        raise DatasetError(f"{path}: {rainy.name}/ and {clean.name}/ have no names in common")
    return Found(f"{rainy.name}/ and {clean.name}/", pairs, lonely)


def _key(picture: Path, folder: Path) -> str:
    relative = picture.relative_to(folder)
    return (relative.parent / picture_key(relative.stem)).as_posix()


def _leaf(key: str) -> str:
    return key.rpartition("/")[2]


def _mixed(path: Path) -> Found | None:
    """Rainy and clean in one folder, told apart by a mark in the name."""
    groups: defaultdict[str, dict[str, list[Path]]] = defaultdict(lambda: {"r": [], "c": []})
    own = [p for p in _images(path) if p.parent == path]
    for picture in own:
        role = _role(picture.stem)
        if not role:
            return None
        key = re.sub(r"-[rc]-\d+$", "", picture.stem.lower())
        key = key if key != picture.stem.lower() else picture_key(picture.stem)
        groups[key][role].append(picture)
    pairs, lonely = [], []
    for group in groups.values():
        if len(group["c"]) == 1 and group["r"]:
            pairs += [Pair(p.stem, p, group["c"][0]) for p in group["r"]]
        else:
            lonely += group["r"] + group["c"]
    return Found("rainy and clean in one folder", pairs, lonely) if pairs else None


def _role(stem: str) -> str | None:
    low = stem.lower()
    if re.match(r"norain[-_ ]", low) or re.search(r"[-_](gt|clean|norain|target)$|-c-\d+$", low):
        return "c"
    if re.match(r"rain[-_ ]", low) or re.search(r"[-_](in|rain|rainy|input)$|-r-\d+$", low):
        return "r"
    return None


def _halves(path: Path) -> Found | None:
    """Both in one picture; the side with the rain is found by looking."""
    own = [p for p in _images(path) if p.parent == path]
    if len(own) < 1:
        return None
    votes = 0
    for picture in own[:: max(1, len(own) // _SAMPLES)][:_SAMPLES]:
        image = read_rgb(picture)
        height, width = image.shape[:2]
        if width % 2 or width < height:
            return None
        left, right = image[:, : width // 2], image[:, width // 2 :]
        if (perceptual_hash(left) ^ perceptual_hash(right)).bit_count() > 24:
            return None
        votes += 1 if _roughness(right) > _roughness(left) else -1
    if not votes:
        raise DatasetError(f"{path}: cannot tell which half is rainy; use rainy/ and clean/")
    side = "right" if votes > 0 else "left"
    pairs = [Pair(p.stem, p, p, side_by_side=True, rainy_left=votes < 0) for p in own]
    return Found(f"both in one picture, rainy {side}", pairs)


def _roughness(image: np.ndarray) -> float:
    """Mean step between neighbours: rain adds some."""
    plane = image.astype(np.float32).mean(axis=2)
    return float(np.abs(np.diff(plane, axis=1)).mean())


def _nested(path: Path) -> Found | None:
    """Folders of folders: train/ and test/, a test for each set, a folder for each scene."""
    pairs: list[Pair] = []
    lonely: list[Path] = []
    layouts = []
    for folder in sorted(p for p in path.iterdir() if p.is_dir()):
        try:
            found = find_pairs(folder)
        except DatasetError:
            continue
        layouts.append(found.layout)
        lonely += found.lonely
        pairs += [
            Pair(f"{folder.name}/{p.name}", p.rainy, p.clean, p.side_by_side, p.rainy_left)
            for p in found.pairs
        ]
    if not pairs:
        return None
    return Found(f"{len(layouts)} folders of: {layouts[0]}", pairs, lonely)


_LAYOUTS: tuple[Callable[[Path], Found | None], ...] = (_two_folders, _mixed, _halves, _nested)
