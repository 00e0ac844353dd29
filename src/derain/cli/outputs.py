"""What a command is about to write."""

from __future__ import annotations

import os
from pathlib import Path

from derain.errors import OutputConflictError


def check_free(target: Path, overwrite: bool) -> None:
    """Refuse to replace what is there, unless that is wanted.

    Raises:
        OutputConflictError: It is there.
    """
    if os.path.lexists(target) and not overwrite:
        raise OutputConflictError(f"{target}: exists already; add --overwrite or another -o")
