"""A result is written once, whoever is killed and begun again, and over nobody else's file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from derain.batch.stores import Store
from derain.errors import OutputConflictError


def write_once(target: Store, name: str, data: bytes | Path, sha256: str, ours: bool) -> None:
    """Write a result; one that is there and equal, which a killed run did not tell of, stays.

    Args:
        target: Where to.
        name: Of the result.
        data: As :meth:`Store.create` takes it.
        sha256: Of the data.
        ours: Whether an earlier run wrote what is there, which is then replaced.

    Raises:
        OutputConflictError: There is another file.
        DiskFullError, PermissionDeniedError, StoreError: The store refused.
    """
    if target.create(name, data):
        return
    if ours:
        target.replace(name, data)
    elif sha256_of(target, name) != sha256:
        raise taken(target, name)


def taken(target: Store, name: str) -> OutputConflictError:
    """The error for a file that is no result of the run."""
    return OutputConflictError(
        f"{target.shown(name)}: exists already and is no result of this run; give another -o"
    )


def sha256_of(store: Store, name: str) -> str:
    """The sum of a file of any size; raises as :meth:`Store.read`."""
    found = hashlib.sha256()
    for piece in store.pieces(name):
        found.update(piece)
    return found.hexdigest()
