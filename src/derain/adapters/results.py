"""Finished results of somebody else, as pictures in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from derain.adapters.contract import Pixels
from derain.data import picture_key, read_rgb, sha256
from derain.data.pairs import SUFFIXES
from derain.errors import InputNotFoundError


class ResultsFolder:
    """FOLDER/SET/NAME.png, or FOLDER/NAME.png; marks such as ``rain-`` or ``_clean`` do not matter.

    Attributes:
        about: What it is, for people.
        fingerprint: The sha256 of all pictures together.

    Raises:
        InputNotFoundError: The folder holds no pictures.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.about = f"finished results in {folder}"
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not files:
            raise InputNotFoundError(f"{folder}: holds no pictures")
        self.fingerprint = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
        self._exact = {p.relative_to(folder).with_suffix("").as_posix(): p for p in files}
        self._by_key: dict[str, list[Path]] = {}
        for path in files:
            self._by_key.setdefault(picture_key(path.stem), []).append(path)

    def find(self, dataset: str, name: str, in_view: bool = False) -> Pixels:
        """The result for a picture of a set, (H, W, 3) uint8.

        Args:
            dataset, name: The picture.
            in_view: Whether the set is a view of another (``rain800 x2``). Its results must lie
                under its name: what has none is of the pictures as they are.

        Raises:
            InputNotFoundError: There is none, or several.
        """
        for path in (f"{dataset}/{name}", *([] if in_view else [name])):
            if path in self._exact:
                return read_rgb(self._exact[path])
        near = self._by_key.get(picture_key(name.rpartition("/")[2]), [])
        own = [path for path in near if dataset in path.relative_to(self._folder).parts]
        meant = own if in_view else own or near
        if len(meant) != 1:
            many = f"{len(meant)} results" if meant else "no result"
            raise InputNotFoundError(
                f"{self._folder}: {many} for {dataset}/{name}; name it {dataset}/{name}.png"
            )
        return read_rgb(meant[0])
