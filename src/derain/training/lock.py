"""One run to a folder at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from derain.errors import TrainingError


@contextmanager
def folder_to_itself(folder: Path) -> Iterator[None]:
    """Hold a run's folder, which two runs would write one log and one set of checkpoints to.

    The system lets go of it when the process ends, however it ends.

    Raises:
        TrainingError: Another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise TrainingError(
            f"{folder}: another process trains here; wait for it, stop it, or give another out="
        ) from None
    try:
        yield
    finally:
        lock.release()
