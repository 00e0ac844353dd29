"""Pairs of clips on disk: rainy ones and their truths, each a video file or a folder of frames."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from derain.clips.formats import is_clip
from derain.data.layouts.folders import two_folders
from derain.data.pairs import SUFFIXES
from derain.errors import DatasetError

_NTU = re.compile(r"(?P<key>.+?)_(?P<role>rain|gt)(?P<rest>.*)", re.I)


class ClipPair(NamedTuple):
    """A clip in rain and its truth; each a file or a folder."""

    name: str
    rainy: Path
    clean: Path


def list_clips(folder: Path) -> list[Path]:
    """The clips right below a folder, in order: video files, animated GIFs, folders of pictures."""
    return [
        path for path in sorted(folder.iterdir())
        if not path.name.startswith(".") and (_has_frames(path) if path.is_dir() else is_clip(path))
    ]  # fmt: skip


def pair_clips(folder: Path) -> tuple[list[ClipPair], list[Path]]:
    """The pairs of a folder, and the clips that have no partner.

    ``rainy/`` and ``clean/``, or what else the field calls them, with clips of the same names; or
    ``a1_Rain`` beside ``a1_GT``, as NTURain comes, where several rainy clips may share a truth.

    Raises:
        DatasetError: It is missing, or lies in neither way; or two clips have one name.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    two = two_folders(folder)
    pairs, lonely = _same_names(*two) if two else _marked(folder)
    if not pairs:
        raise DatasetError(
            f"{folder}: no pairs of clips; known are rainy/ and clean/ with video files or folders "
            "of frames of the same names, and a1_Rain beside a1_GT"
        )
    return pairs, lonely


def _same_names(rainy: Path, clean: Path) -> tuple[list[ClipPair], list[Path]]:
    partners = _by_name(clean)
    pairs, lonely = [], []
    for name, path in _by_name(rainy).items():
        if name in partners:
            pairs.append(ClipPair(name, path, partners.pop(name)))
        else:
            lonely.append(path)
    return pairs, [*lonely, *partners.values()]


def _by_name(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in list_clips(folder):
        _add(found, _stem(path), path)
    return found


def _marked(folder: Path) -> tuple[list[ClipPair], list[Path]]:
    rainy: dict[str, tuple[str, Path]] = {}
    truths: defaultdict[str, list[Path]] = defaultdict(list)
    names: dict[str, Path] = {}
    for path in list_clips(folder):
        match = _NTU.fullmatch(_stem(path))
        if match and match["role"].lower() == "gt":
            truths[match["key"].lower()].append(path)
        elif match:
            name = match["key"] + match["rest"]
            _add(names, name, path)
            rainy[name] = match["key"].lower(), path
    pairs = [
        ClipPair(name, path, truths[key][0])
        for name, (key, path) in rainy.items()
        if len(truths[key]) == 1
    ]
    used = {path for pair in pairs for path in pair[1:]}
    every = [path for _, path in rainy.values()] + [p for paths in truths.values() for p in paths]
    return pairs, [path for path in every if path not in used]


def _add(found: dict[str, Path], name: str, path: Path) -> None:
    if (other := found.setdefault(name, path)) is not path:
        raise DatasetError(f"{other} and {path} have one name; rename one")


def _stem(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def _has_frames(folder: Path) -> bool:
    return any(_frames(folder))


def _frames(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
