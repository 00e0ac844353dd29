"""What can be refused before any work: names, libraries that the report needs, its folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from derain.clips.formats import is_container
from derain.errors import BackendUnavailableError, UsageError
from derain.files import explain_os_error
from derain.opencv import opencv

_SIGNS = frozenset("/\\\0")


def check_name(name: str, word: str, form: str) -> str:
    """The name of a method or a set, which a folder of results is called by.

    Args:
        name: The name.
        word: What the user wrote.
        form: What it should have been like.

    Raises:
        UsageError: It is empty, leads to another folder, or holds a slash.
    """
    if name in ("", ".", "..") or _SIGNS & set(name):
        raise UsageError(f"'{word}' is not of the form {form}; a name holds no slash")
    return name


def check_report() -> None:
    """Refuse to begin where the report could not be written in the end.

    Raises:
        BackendUnavailableError: A library is not installed.
    """
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"the report needs {' and '.join(missing)}: pip install 'derain[evaluate]'"
        )


def check_clips(clips: Iterable[Path]) -> None:
    """Refuse to begin where clips could not be read or scored.

    Raises:
        BackendUnavailableError: A library is not installed.
    """
    opencv()
    if any(map(is_container, clips)):
        import derain.clips.library  # noqa: F401 - says what is missing


def check_folder(folder: Path) -> None:
    """Refuse to begin where the results could not be written.

    Raises:
        OutputConflictError: A file stands there, or above it.
        PermissionDeniedError: The system would not allow it.
    """
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not above.is_dir():
        raise explain_os_error(OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)), folder)
    if not os.access(above, os.W_OK | os.X_OK):
        raise explain_os_error(OSError(errno.EACCES, os.strerror(errno.EACCES)), folder)
