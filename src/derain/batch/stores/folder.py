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
