"""Folders of folders, each a set of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from derain.data.layouts.base import Layout
from derain.data.pairs import Pair, Pairs


class Nested(Layout):
    """``train/`` and ``test/``, a test for each set, a folder for each scene.

    Args:
        inner: The layouts the folders may have, beside this one.
    """

    name = "nested"
    example = "folders of such folders"

    def __init__(self, inner: Sequence[Layout]) -> None:
        self._tried = (*inner, self)

    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        if not path.is_dir():
            return None
        pairs: list[Pair] = []
        lonely: list[Path] = []
        layouts = []
        for folder in sorted(p for p in path.iterdir() if p.is_dir()):
            found = self._first(folder)
            if found is None:
                continue
            layouts.append(found.layout)
            lonely += found.lonely
            pairs += [replace(pair, name=f"{folder.name}/{pair.name}") for pair in found]
        if not pairs:
            return None
        return Pairs(f"{len(layouts)} folders of: {layouts[0]}", pairs, lonely)

    def _first(self, folder: Path) -> Pairs | None:
        tried = (layout.recognise(folder) for layout in self._tried)
        return next((found for found in tried if found), None)
