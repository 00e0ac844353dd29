"""What a layout is: one way in which a data set lies on disk."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path

from derain.data.pairs import Pairs, list_images
from derain.errors import DatasetError


class Layout(ABC):
    """Finds the pairs of a data set that lies on disk in one way.

    Attributes:
        name: What configurations call it.
        example: What it looks like, for people.
    """

    name: str
    example: str

    @abstractmethod
    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        """The pairs below ``path``, by looking; None where it does not lie so.

        Args:
            path: A folder, or a table.
            root: Where a table's paths start; other layouts have no use for it.

        Raises:
            DatasetError: It lies so, but cannot be used.
        """

    def read(self, path: Path, root: Path | None = None) -> Pairs:
        """The pairs below ``path``, which is known to lie so; nothing may be left over.

        Raises:
            DatasetError: It does not lie so, or a picture has no partner; names it.
        """
        if not path.exists():
            raise DatasetError(f"{path}: no such folder")
        pairs = self.recognise(path, root)
        if pairs is None:
            raise DatasetError(f"{path}: is not laid out as {self.name}: {self.example}")
        if pairs.lonely:
            raise DatasetError(f"{pairs.lonely[0]}: has no partner; remove it or add one")
        return pairs


def images(folder: Path, deep: bool = True) -> list[Path]:
    """Pictures of a folder, none where there are none."""
    try:
        return list_images(folder, deep)
    except DatasetError:
        return []


def relative_name(picture: Path, folder: Path) -> str:
    """Path below a folder without its ending: ``x/1``."""
    # By text: there may be 100,000 of them.
    start = 0 if str(folder) == "." else len(os.path.join(folder, ""))  # noqa: PTH118
    name, _ = os.path.splitext(str(picture)[start:])  # noqa: PTH122
    return name.replace(os.sep, "/")
