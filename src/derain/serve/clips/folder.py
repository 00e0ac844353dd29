"""The private folder in which a server's clips lie; what a killed server left of its own goes."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from derain.errors import DerainError, OutputConflictError
from derain.files import explain_os_error
from derain.locks import held_alone

_PREFIX = "derain-clips-"
_OURS = re.compile(re.escape(_PREFIX) + "[0-9a-f]{16}")


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A folder that only this user may enter, gone at the end.

    It is there only while a lock beside it is held, so that one whose lock is free belongs to a
    server that was killed, and is removed first.

    Raises:
        DerainError: The system refused.
    """
    _sweep(parent)
    folder = parent / f"{_PREFIX}{secrets.token_hex(8)}"
    with held_alone(_lock(folder), folder):
        try:
            folder.mkdir(0o700)
        except OSError as error:
            raise explain_os_error(error, folder) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _sweep(parent: Path) -> None:
    try:
        found = [path for path in parent.iterdir() if _OURS.fullmatch(path.name)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain_os_error(error, parent) from error
    for folder in filter(_is_ours, found):
        # Locked by a server that runs, or on a disk without locks, where nobody can tell.
        with suppress(OutputConflictError, DerainError), held_alone(_lock(folder), folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user: in a shared one, others may give theirs such names."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return ours and stat.S_ISDIR(status.st_mode)
