"""Rainy and clean pictures in one folder, told apart by marks in their names."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from derain.data.layouts.base import Layout, images
from derain.data.layouts.names import picture_key, role
from derain.data.pairs import Pair, Pairs

_FRAME = re.compile(r"-[rc]-\d+$")


class Mixed(Layout):
    """``rain-001`` beside ``norain-001``, ``001_in`` beside ``001_GT``, GT-Rain's -R- and -C-."""

    name = "mixed"
    example = "rain-001 beside norain-001"

    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        rainy: defaultdict[str, list[Path]] = defaultdict(list)
        clean: defaultdict[str, list[Path]] = defaultdict(list)
        keys: dict[str, None] = {}
        for picture in images(path, deep=False):
            which = role(picture.stem)
            if not which:
                return None
            key = _key(picture.stem)
            keys[key] = None
            (rainy if which == "rainy" else clean)[key].append(picture)
        pairs: list[Pair] = []
        lonely: list[Path] = []
        for key in keys:
            if len(clean[key]) == 1 and rainy[key]:
                pairs += [Pair(p.stem, p, clean[key][0]) for p in rainy[key]]
            else:
                lonely += rainy[key] + clean[key]
        return Pairs("rainy and clean in one folder", pairs, lonely) if pairs else None


def _key(stem: str) -> str:
    """What the pictures of one scene share."""
    scene = _FRAME.sub("", stem.lower())
    return scene if scene != stem.lower() else picture_key(stem)
