"""The sums of a data set's files, so that tomorrow's numbers are about the same pictures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from derain.data.pairs import list_images
from derain.errors import DatasetError
from derain.files import atomic_write, explain_os_error

INDEX = "derain-index.json"


@dataclass(frozen=True)
class Drift:
    """How a folder differs from its index; empty lists where it does not."""

    changed: list[str]
    missing: list[str]
    new: list[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.new)


def sha256(path: Path) -> str:
    """Sum of a file, read in pieces."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise explain_os_error(error, path) from error
    return digest.hexdigest()


def read_index(folder: Path) -> dict[str, str] | None:
    """Relative path -> sum, None where the folder has no index yet.

    Raises:
        DatasetError: The file is there but not an index.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        files: dict[str, str] = json.loads(path.read_text())["files"]
        if not all(isinstance(value, str) for value in files.values()):
            raise TypeError("sums must be text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{path}: not an index ({error}); delete it to write a new one"
        ) from error
    return files


def write_index(folder: Path) -> dict[str, str]:
    """Sum every picture below a folder and write ``derain-index.json`` into it.

    Raises:
        DatasetError: No such folder, or no pictures in it.
        PermissionDeniedError, DiskFullError: It cannot be written.
    """
    files = {p.relative_to(folder).as_posix(): sha256(p) for p in list_images(folder)}
    text = json.dumps({"files": files}, indent=0, sort_keys=True) + "\n"
    atomic_write(folder / INDEX, text.encode())
    return files


def compare_with_index(folder: Path, index: dict[str, str]) -> Drift:
    """What has changed since the index was written."""
    there = {p.relative_to(folder).as_posix(): p for p in list_images(folder)}
    return Drift(
        changed=[n for n, p in there.items() if n in index and sha256(p) != index[n]],
        missing=sorted(set(index) - set(there)),
        new=sorted(set(there) - set(index)),
    )
