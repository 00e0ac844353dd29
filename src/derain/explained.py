"""One line for everything that goes wrong."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from derain.errors import (
    BackendUnavailableError,
    DerainError,
    InternalError,
    OutOfMemoryError,
)
from derain.files import explain_os_error

_LONGEST = 200


def explained(error: Exception, subject: Path | str = "") -> DerainError:
    """The error of ours that says what happened.

    Args:
        error: Any.
        subject: The file at hand, where the error may not name it.
    """
    about = f"{subject}: " if subject else ""
    if isinstance(error, DerainError):
        return error
    # The system's have a number. Libraries raise some without, of files they cannot make sense of:
    # those are no problem of the output.
    if isinstance(error, OSError) and (error.errno or subject):
        return explain_os_error(error, error.filename or subject or "output")
    if isinstance(error, MemoryError):
        return OutOfMemoryError(
            f"{about}out of memory; close other programs, or let the network take less, as in "
            "--memory 256"
        )
    if isinstance(error, ModuleNotFoundError):
        return BackendUnavailableError(
            f"{error.name} is not installed: pip install 'derain[train]'"
        )
    if os.environ.get("DERAIN_DEBUG"):
        traceback.print_exception(error)
    told = repr(error)
    told = told if len(told) <= _LONGEST else f"{told[:_LONGEST]}..."
    return InternalError(
        f"{about}internal error: {told}; set DERAIN_DEBUG=1 for the details and report it"
    )
