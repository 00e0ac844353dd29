"""What libraries say by themselves, caught so that it can be told with the picture's name."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def caught_messages() -> Iterator[list[str]]:
    """Gives a list that holds, at the end, the lines of libraries written in C and of warnings.

    The former write to the file descriptor of the standard error, which is another file meanwhile;
    what else is to be seen there must go to a copy of the descriptor.
    """
    told: list[str] = []
    with warnings.catch_warnings(record=True) as found, tempfile.TemporaryFile() as file:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
        try:
            sys.stderr.flush()
            usual = os.dup(2)
        except (OSError, AttributeError, ValueError):  # closed: nobody would see it
            yield told
            return
        os.dup2(file.fileno(), 2)
        try:
            yield told
        finally:
            os.dup2(usual, 2)
            os.close(usual)
            file.seek(0)
            lines = file.read().decode(errors="replace").splitlines()
            lines += [str(warning.message) for warning in found]
            told += [" ".join(line.split()) for line in dict.fromkeys(lines) if line.strip()]
