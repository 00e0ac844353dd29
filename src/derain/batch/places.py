"""Where on this machine a clip of a run is worked on.

Segments lie beside a local result, as those of ``derain CLIP``. For a bucket they lie in the
system's folder for temporary files, where clips of buckets are brought to, too, under a name that
is the same whenever this result is made.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from derain.batch.digests import digest
from derain.batch.stores import Store
from derain.batch.stores.folder import Folder
from derain.clips.manifest import Workplace
from derain.errors import DerainError, InvalidImageError, PermissionDeniedError, UsageError
from derain.files import explain_os_error
from derain.locks import held_alone


@dataclass(frozen=True)
class Place:
    """Local files that stand for others.

    Attributes:
        source: The clip.
        result: What is made of it, or is to be made.
        names: What a person is told instead of both.
    """

    source: Path
    result: Path
    names: tuple[str, str]

    def told(self, text: str) -> str:
        """A text with the names of what the files stand for."""
        for local, shown in zip((self.source, self.result), self.names, strict=True):
            text = text.replace(str(local), shown)
        return text


@contextmanager
def place_for(
    store: Store, key: str, target: Store, name: str, beside: bool = True
) -> Iterator[Place]:
    """The place where a clip's result is made, and where an earlier run may have left its work.

    What a person is told within names the clip and its result, not what stands for them.

    Args:
        store, key: Where the clip is.
        target, name: Where its result goes.
        beside: Whether a local result is made under its own name.

    Raises:
        OutputConflictError: Another process is at work on it.
        DerainError: The clip cannot be had.
    """
    result = target.path / name if beside and isinstance(target, Folder) else None
    if result and isinstance(store, Folder):
        with _place(store, key, target, name, result.parent, result) as place:
            yield place
        return
    folder = _elsewhere(store, key, target, name)
    try:
        with held_alone(folder / "lock", target.shown(name)):
            try:
                made = result or folder / PurePosixPath(name).name
                with _place(store, key, target, name, folder / "source", made) as place:
                    yield place
            except (InvalidImageError, UsageError):  # nothing will come of it
                shutil.rmtree(folder, ignore_errors=True)
                raise
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):  # it is not empty; Windows keeps the lock until now
            folder.rmdir()


def clear_places(store: Store, key: str, target: Store, name: str) -> None:
    """Remove what a killed run left of its work on a clip whose result is there.

    Args:
        store, key, target, name: As of :func:`place_for`.
    """
    with suppress(DerainError):  # it does no harm; or another process is at work there
        if isinstance(target, Folder):
            beside = Workplace(target.path / name, {})
            with beside.held():
                beside.clear()
        if not (isinstance(target, Folder) and isinstance(store, Folder)):
            folder = _elsewhere(store, key, target, name)
            with held_alone(folder / "lock", target.shown(name)):
                shutil.rmtree(folder, ignore_errors=True)


def _elsewhere(store: Store, key: str, target: Store, name: str) -> Path:
    where = str(target.path.resolve()) if isinstance(target, Folder) else target.uri
    return _temporary() / f"{digest(where, name, store.shown(key)):016x}"


@contextmanager
def _place(
    store: Store, key: str, target: Store, name: str, folder: Path, result: Path
) -> Iterator[Place]:
    names = store.shown(key), target.shown(name)
    place = Place(store.local(key, folder), result, names)
    try:
        yield place
    except DerainError as error:
        raise type(error)(place.told(str(error))) from error


def _temporary() -> Path:
    """The folder for what goes on after a kill: nobody else's, though others may write beside it.

    Raises:
        PermissionDeniedError: It is somebody else's.
    """
    if not hasattr(os, "getuid"):  # on Windows everybody has a folder for temporary files
        return Path(tempfile.gettempdir()) / "derain"
    folder = Path(tempfile.gettempdir()) / f"derain-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise explain_os_error(error, folder) from error
    if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode):
        raise PermissionDeniedError(f"{folder}: is somebody else's; set TMPDIR to another folder")
    return folder
