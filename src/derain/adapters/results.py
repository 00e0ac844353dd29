"""Finished results of somebody else, as pictures or clips in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from derain.adapters.contract import Pixels
from derain.data import picture_key, read_rgb, sha256
from derain.data.pairs import SUFFIXES
from derain.errors import InputNotFoundError


class ResultsFolder:
    """FOLDER/SET/NAME.png, or FOLDER/NAME.png; marks such as ``rain-`` or ``_clean`` do not matter.

    A clip is FOLDER/SET/NAME.mp4 or the like, or a folder FOLDER/SET/NAME of numbered pictures;
    SET may be left out.

    Args:
        folder: The folder.
        clips: Endings of files that are clips.

    Attributes:
        about: What it is, for people.
        fingerprint: The sha256 of all pictures and clips, and of their names.

    Raises:
        InputNotFoundError: The folder holds none.
    """

    def __init__(self, folder: Path, clips: Collection[str] = ()) -> None:
        self._folder = folder
        self.about = f"finished results in {folder}"
        found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in {*SUFFIXES, *clips})
        if not found:
            raise InputNotFoundError(f"{folder}: holds no pictures")
        listed = "".join(f"{p.relative_to(folder).as_posix()}\0{sha256(p)}\n" for p in found)
        self.fingerprint = hashlib.sha256(listed.encode()).hexdigest()
        files = [path for path in found if path.suffix.lower() in SUFFIXES]
        above = dict.fromkeys(path.parent for path in files if path.parent != folder)
        self._clips = [*above, *(path for path in found if path.suffix.lower() in clips)]
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

    def find_clip(self, dataset: str, name: str) -> Path:
        """The result for a clip of a set: a file, or a folder of frames.

        Raises:
            InputNotFoundError: There is none, or several.
        """
        named = {path: path.relative_to(self._folder) for path in self._clips}
        exact = [
            path for wanted in (Path(dataset, name), Path(name))
            for path, place in named.items()
            if wanted in (place, place.with_suffix(""))
        ]  # fmt: skip
        if exact:
            return exact[0]
        alike = [path for path in named if picture_key(path.stem) == picture_key(name)]
        own = [path for path in alike if dataset in named[path].parts] or alike
        if len(own) != 1:
            many = f"{len(own)} results" if own else "no result"
            raise InputNotFoundError(
                f"{self._folder}: {many} for the clip {dataset}/{name}; name it "
                f"{dataset}/{name}.mp4, or {dataset}/{name}/000001.png and so on"
            )
        return own[0]
