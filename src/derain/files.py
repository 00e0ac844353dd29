"""Writing files so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from derain.errors import (
    DerainError,
    DiskFullError,
    OutputConflictError,
    PermissionDeniedError,
)


def explain_os_error(error: OSError, path: Path | str) -> DerainError:
    """The error of ours that says what the system's error means for ``path``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"{path}: no space left on the disk; free some and run again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PermissionDeniedError(f"{path}: permission denied")
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return OutputConflictError(f"{path}: a file stands where a folder is needed; give another")
    if error.errno == errno.EISDIR:
        return OutputConflictError(f"{path}: is a folder; give the name of a file")
    if error.errno == errno.ENAMETOOLONG:
        return OutputConflictError(f"{path}: the name is too long for this disk; give another -o")
    return DerainError(f"{path}: {error.strerror or error}")


def real_path(path: Path) -> Path:
    """Where a path leads to behind all links."""
    # Path.resolve raises at a link to itself, which is somebody's file as any other.
    return Path(os.path.realpath(path))


def check_writable(path: Path) -> None:
    """Raise the error that writing would meet for want of a folder, before work is put into it.

    Raises:
        PermissionDeniedError: The folder, or the nearest that is there, may not be written to.
        OutputConflictError: It is a file.
    """
    try:
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionDeniedError(f"{path}: permission denied")
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as error:
        raise explain_os_error(error, path) from error


def atomic_write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` through a synced temporary file in the same folder and a rename.

    A process killed at any moment leaves the old file or the new one. The mode of an existing file
    is kept; a new one gets what the umask allows. Parent folders are made.

    Raises:
        DiskFullError, PermissionDeniedError, DerainError: The system refused; nothing was changed.
    """
    target = real_path(path) if path.is_symlink() else path
    with _written(path, target, data) as temporary:
        temporary.replace(target)


def atomic_create(path: Path, data: bytes) -> bool:
    """As :func:`atomic_write`, but never over a file that is there: False then.

    Of several processes that create one file at the same time, one does.

    Raises:
        DiskFullError, PermissionDeniedError, DerainError: The system refused; nothing was changed.
    """
    if os.path.lexists(path):
        return False
    with _written(path, path, data) as temporary:
        return _link(temporary, path)


def publish_new(made: Path, path: Path) -> bool:
    """As :func:`publish`, but never over a file that is there: False then, and nothing is changed.

    Raises:
        DiskFullError, PermissionDeniedError, DerainError: The system refused; nothing was changed.
    """
    try:
        if os.path.lexists(path):
            return False
        _make_durable(made, path)
        return _link(made, path)
    except OSError as error:
        raise explain_os_error(error, path) from error


@dataclass(frozen=True)
class Placing:
    """How results come under their names: :data:`OVER` what is there, or only where :data:`NEW`.

    Attributes:
        write: Puts bytes there.
        publish: Puts a finished file of the same disk there.
    """

    write: Callable[[Path, bytes], None]
    publish: Callable[[Path, Path], None]


def in_the_way(output: Path) -> OutputConflictError:
    """The error for a file that is there, when nothing was said of such."""
    return OutputConflictError(
        f"{output}: exists already; add --overwrite, --skip-existing or another -o"
    )


def _write_new(path: Path, data: bytes) -> None:
    if not atomic_create(path, data):
        raise in_the_way(path)


def _publish_new(made: Path, path: Path) -> None:
    if not publish_new(made, path):
        raise in_the_way(path)


def _link(made: Path, path: Path) -> bool:
    """Give a file a second name, or its only one, that nobody has yet; False where one is there."""
    try:
        os.link(made, path)
    except FileExistsError:
        return False
    except OSError as error:
        # Disks without hard links (exFAT, some network drives) leave a gap between the two.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if os.path.lexists(path):
            return False
        made.replace(path)
    return True


@contextlib.contextmanager
def _written(path: Path, target: Path, data: bytes) -> Iterator[Path]:
    """A synced temporary file beside ``target``, gone at the end unless it was renamed."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_for(target))
        yield temporary
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def publish(made: Path, path: Path) -> None:
    """Give a finished file, on the same disk, its final name; the mode is as :func:`atomic_write`.

    Raises:
        DiskFullError, PermissionDeniedError, DerainError: The system refused; nothing was changed.
    """
    try:
        target = real_path(path) if path.is_symlink() else path
        _make_durable(made, target)
        made.replace(target)
    except OSError as error:
        raise explain_os_error(error, path) from error


def _make_durable(made: Path, target: Path) -> None:
    """A finished file is on the disk, and has the mode that it is to have as ``target``."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.chmod(_mode_for(target))


OVER = Placing(atomic_write, publish)
NEW = Placing(_write_new, _publish_new)


_PREFIX = ".derain-"
_TEMPORARY = re.compile(re.escape(_PREFIX) + r"[a-z0-9_]{8}")
_DAY = 86400
_swept: set[Path] = set()


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while they wrote; once for each folder.

    A day is longer than any write takes, on this machine or on another that shares the disk.
    """
    if folder in _swept:
        return
    _swept.add(folder)
    with os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY:
                        os.unlink(entry.path)  # noqa: PTH108 - it is a name, not a Path


def _read_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


# Asked once, since asking sets it for a moment, and threads may be writing later.
_UMASK = _read_umask()


def _mode_for(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o666 & ~_UMASK
