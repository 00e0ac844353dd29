"""A local folder as a store."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from derain.batch.stores.base import Entry
from derain.errors import InputNotFoundError, InvalidImageError
from derain.files import atomic_create, atomic_write, explain_os_error, publish, publish_new

_PIECE = 1 << 20


class Folder:
    """Files of a folder and of all folders in it; need not be there before the first is written.

    Links to files are followed, links to folders are not: they may lead in a circle.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.uri = str(path)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        levels = [self._listed(prefix)]  # no recursion: a thousand folders may lie in each other
        while levels:
            name, found = next(levels[-1], ("", None))
            if found is None:
                levels.pop()
            elif found.is_dir(follow_symlinks=False):
                levels.append(self._listed(name))
            else:
                yield self._entry(name, found)

    def _listed(self, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        folder = self.path / below
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explain_os_error(error, folder) from error
        for entry in entries:
            if not entry.name.startswith("."):
                yield f"{below}/{entry.name}" if below else entry.name, entry

    @staticmethod
    def _entry(name: str, found: os.DirEntry[str]) -> Entry:
        try:
            status = found.stat()
        except OSError:  # a link that leads nowhere: it is named when it is read
            return Entry(name, 0, "")
        if stat.S_ISDIR(status.st_mode):
            return Entry(f"{name}/", 0, "")
        version = f"{status.st_size}-{status.st_mtime_ns}"
        return Entry(name, status.st_size, version, status.st_mtime)

    def read(self, name: str) -> bytes:
        with self._opened(name) as file:
            return file.read()

    def pieces(self, name: str) -> Iterator[bytes]:
        with self._opened(name) as file:
            yield from iter(lambda: file.read(_PIECE), b"")

    def local(self, name: str, folder: Path) -> Path:
        with self._opened(name):
            return self.path / name

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        path = self.path / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise InvalidImageError(f"{path}: is no regular file")
            with path.open("rb") as file:
                yield file
        except FileNotFoundError:
            raise InputNotFoundError(f"{path}: no such file") from None
        except OSError as error:
            raise explain_os_error(error, path) from error

    def create(self, name: str, data: bytes | Path) -> bool:
        path = self.path / name
        return publish_new(data, path) if isinstance(data, Path) else atomic_create(path, data)

    def replace(self, name: str, data: bytes | Path) -> None:
        path = self.path / name
        if isinstance(data, Path):
            publish(data, path)
        else:
            atomic_write(path, data)

    def remove(self, name: str) -> None:
        path = self.path / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise explain_os_error(error, path) from error

    def shown(self, name: str) -> str:
        return str(self.path / name)
