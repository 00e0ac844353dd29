"""A local folder as a store."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from derain.batch.stores.base import Entry
from derain.errors import InputNotFoundError, InvalidImageError
from derain.files import atomic_create, atomic_write, explain_os_error


class Folder:
    """Files of a folder and of all folders in it; need not be there before the first is written.

    Links to files are followed, links to folders are not: they may lead in a circle.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.uri = str(path)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        yield from self._walk(self.path / prefix, prefix)

    def _walk(self, folder: Path, below: str) -> Iterator[Entry]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explain_os_error(error, folder) from error
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(folder / entry.name, name)
                continue
            try:
                status = entry.stat()
            except OSError:  # a link that leads nowhere: it is named when it is read
                yield Entry(name, 0, "")
                continue
            if not stat.S_ISDIR(status.st_mode):
                version = f"{status.st_size}-{status.st_mtime_ns}"
                yield Entry(name, status.st_size, version, status.st_mtime)

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise InvalidImageError(f"{path}: is no regular file")
            return path.read_bytes()
        except FileNotFoundError:
            raise InputNotFoundError(f"{path}: no such file") from None
        except OSError as error:
            raise explain_os_error(error, path) from error

    def create(self, name: str, data: bytes) -> bool:
        return atomic_create(self.path / name, data)

    def replace(self, name: str, data: bytes) -> None:
        atomic_write(self.path / name, data)

    def shown(self, name: str) -> str:
        return str(self.path / name)
