"""What has been done of a clip, so that a killed run is gone on with and no other is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from derain.errors import InputNotFoundError
from derain.files import atomic_write, explain_os_error
from derain.locks import held_alone

_VERSION = 1
_ENDS = 1 << 20
_LOCK = "lock"


def identity(path: Path) -> dict[str, Any]:
    """Size, time and both ends of a file: another file of the same name has others."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(_ENDS)
            file.seek(max(0, status.st_size - _ENDS))
            tail = file.read(_ENDS)
    except FileNotFoundError:
        raise InputNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise explain_os_error(error, path) from error
    return {
        "name": path.name, "size": status.st_size, "mtime": status.st_mtime_ns,
        "head": hashlib.sha256(head).hexdigest(), "tail": hashlib.sha256(tail).hexdigest(),
    }  # fmt: skip


class Workplace:
    """The folder beside a result in which its segments lie until they are joined.

    Args:
        target: The result.
        settings: All that decides what its frames are: input, model, options, versions.
    """

    def __init__(self, target: Path, settings: Mapping[str, Any]) -> None:
        self._target, self.folder = target, target.with_name(f".{target.name}.derain")
        self._file = self.folder / "manifest.json"
        self._settings = json.loads(json.dumps({"format": _VERSION, **settings}))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Work here, alone; what has been done at the end stays for another run.

        Raises:
            OutputConflictError: Another process is at work on the result.
        """
        try:
            with held_alone(self.folder / _LOCK, self._target):
                try:
                    yield
                finally:
                    self._forget_if_nothing_is_done()
        finally:
            with suppress(OSError):  # it is not empty
                self.folder.rmdir()

    def _forget_if_nothing_is_done(self) -> None:
        """Before the first segment the manifest stands for nothing."""
        with suppress(OSError):
            if {path.name for path in self.folder.iterdir()} <= {_LOCK, self._file.name}:
                self._file.unlink(missing_ok=True)

    def segment(self, number: int, product: str) -> Path:
        """Where a segment of one of the results lies."""
        return self.folder / f"{number:06}.{product}"

    def resume(self, products: list[str]) -> tuple[int, str | None]:
        """(segments that are there, why those of an earlier run were discarded if they were)."""
        if why := self._difference():
            found = self.clear()
            atomic_write(self._file, json.dumps(self._settings, indent=1).encode())
            return 0, why if found else None
        done = 0
        while all(self.segment(done, product).is_file() for product in products):
            done += 1
        return done, None

    def _difference(self) -> str | None:
        try:
            earlier = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return "its manifest cannot be read"
        if earlier == self._settings:
            return None
        keys = [*self._settings, *earlier]
        other = [k for k in dict.fromkeys(keys) if earlier.get(k) != self._settings.get(k)]
        return f"it was made with another {', '.join(other)}"

    def clear(self) -> bool:
        """Remove all that is in the folder; whether there was any."""
        try:
            found = [path for path in self.folder.iterdir() if path.name != _LOCK]
            for path in found:
                path.unlink()
        except OSError as error:
            raise explain_os_error(error, self.folder) from error
        return bool(found)
