"""Two folders side by side under the names of the field, rainy and clean."""

from __future__ import annotations

import re
from pathlib import Path

from derain.data.layouts.base import Layout, images, relative_name
from derain.data.layouts.names import picture_key
from derain.data.pairs import Pair, Pairs, list_images
from derain.errors import DatasetError

RAINY = (
    "rainy", "rain", "input", "inputs", "rainy_image", "rainy_images", "data", "lq", "degraded",
    "x2", "small",
)  # fmt: skip
CLEAN = (
    "clean", "norain", "target", "targets", "gt", "ground_truth", "groundtruth", "label", "hq",
    "clear", "no_rain",
)  # fmt: skip
_VARIANT = re.compile(r"_\d+$")


class Folders(Layout):
    """``rainy/a.png`` beside ``clean/a.png``, as ``derain synthesize`` writes; Rain13K, SPA."""

    name = "folders"
    example = "rainy/ and clean/"

    def recognise(self, path: Path, root: Path | None = None) -> Pairs | None:
        two = two_folders(path)
        if not two:
            return None
        rainy, clean = two
        partners = _Partners(clean)
        pairs, lonely = [], []
        for picture in images(rainy):
            name = relative_name(picture, rainy)
            if partner := partners.of(name):
                pairs.append(Pair(name, picture, partner))
            else:
                lonely.append(picture)
        if not pairs:
            raise DatasetError(f"{path}: {rainy.name}/ and {clean.name}/ have no names in common")
        used = {pair.clean for pair in pairs}
        lonely += [picture for picture in partners.all if picture not in used]
        return Pairs(f"{rainy.name}/ and {clean.name}/", pairs, lonely)

    def read(self, path: Path, root: Path | None = None) -> Pairs:
        # Nothing is guessed: partners have equal names. Clean pictures may be left over.
        two = two_folders(path)
        if not two:
            raise DatasetError(f"{path}: has no two folders such as {self.example}")
        rainy, clean = two
        partners, pairs = {relative_name(p, clean): p for p in list_images(clean)}, []
        for picture in list_images(rainy):
            name = relative_name(picture, rainy)
            if name not in partners:
                raise DatasetError(f"{picture}: no clean partner in {clean}")
            pairs.append(Pair(name, picture, partners.pop(name)))
        return Pairs(f"{rainy.name}/ and {clean.name}/", pairs, partners.values())


def two_folders(path: Path) -> tuple[Path, Path] | None:
    """The rainy and the clean folder, where both are there."""
    if not path.is_dir():
        return None
    folders = {p.name.lower(): p for p in sorted(path.iterdir()) if p.is_dir()}
    rainy = next((folders[name] for name in RAINY if name in folders), None)
    clean = next((folders[name] for name in CLEAN if name in folders), None)
    return (rainy, clean) if rainy and clean else None


class _Partners:
    """Clean pictures by their names, the same name first, then the same without marks."""

    def __init__(self, folder: Path) -> None:
        self.all = images(folder)
        self._same = {relative_name(p, folder): p for p in self.all}
        self._alike: dict[str, Path] = {}

    def of(self, name: str) -> Path | None:
        if name in self._same:
            return self._same[name]
        if not self._alike:
            self._alike = {_key(known): p for known, p in self._same.items()}
        key = _key(name)
        # Rain1400: 901_1 ... 901_14 share 901; Rain100H: rain/X2/
        tried = (key, _VARIANT.sub("", key), key.rpartition("/")[2])
        return next((self._alike[k] for k in tried if k in self._alike), None)


def _key(name: str) -> str:
    folder, slash, stem = name.rpartition("/")
    return folder + slash + picture_key(stem)
