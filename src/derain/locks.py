"""Files that one process or thread holds at a time; who dies lets go, however it dies."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from derain.errors import DerainError, OutputConflictError
from derain.files import explain_os_error

_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def held_alone(lock: Path, subject: Path | str) -> Iterator[None]:
    """Hold a lock file, which is gone at the end.

    Args:
        lock: The file; its folder is made.
        subject: What it stands for, in the errors.

    Raises:
        OutputConflictError: Somebody else holds it.
        PermissionDeniedError, DiskFullError, DerainError: The system refused.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("ab")
    except OSError as error:
        raise explain_os_error(error, lock) from error
    with file:
        if not _take(file, lock):
            raise OutputConflictError(
                f"{subject}: another process is at work on it; wait for it, or stop it"
            )
        try:
            yield
        finally:
            _remove(lock)
    if sys.platform == "win32":  # which keeps files that are open, and so another holder's
        _remove(lock)


def _remove(lock: Path) -> None:
    with suppress(OSError):
        lock.unlink()


def _take(file: BinaryIO, lock: Path) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it may have removed it between our opening and our taking it.
        return os.path.samestat(os.fstat(file.fileno()), lock.stat())
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise DerainError(
            f"{lock.parent}: this disk knows no locks ({error.strerror}); work on another one"
        ) from error
