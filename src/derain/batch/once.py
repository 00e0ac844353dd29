"""A result is written once, whoever is killed and begun again, and over nobody else's file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from derain.batch.digests import Ours, digest
from derain.batch.stores import Store
from derain.errors import DerainError, OutputConflictError
from derain.media import decode_picture

_ROUNDING = 0.05 / 255  # of full range, in the mean; tiles set few values apart, by a level


def write_once(target: Store, name: str, data: bytes | Path, sha256: str, ours: Ours) -> None:
    """Write a result; one that is there and equal, which a killed run did not tell of, stays.

    Args:
        target: Where to.
        name: Of the result.
        data: As :meth:`Store.create` takes it.
        sha256: Of the data.
        ours: What earlier runs wrote there, which is replaced if nobody has changed it.

    Raises:
        OutputConflictError: There is another file.
        DiskFullError, PermissionDeniedError, StoreError: The store refused.
    """
    if target.create(name, data):
        return
    if (there := sha256_of(target, name)) == sha256:
        return
    if digest(there) not in ours:
        raise taken(target, name)
    target.replace(name, data)


def write_picture_once(target: Store, name: str, data: bytes, ours: Ours) -> str:
    """As :func:`write_once`, for a picture, which free memory cuts into other tiles another time.

    Args:
        target, name, data, ours: As there.

    Returns:
        The sum of what lies there: that of a killed run, too, which rounding alone sets apart.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        write_once(target, name, data, sha256, ours)
    except OutputConflictError:
        there = target.read(name)
        if not _differ_by_rounding(there, data):
            raise
        return hashlib.sha256(there).hexdigest()
    return sha256


def _differ_by_rounding(there: bytes, data: bytes) -> bool:
    try:
        ours, theirs = decode_picture(data), decode_picture(there)
    except DerainError:
        return False
    if (ours.format, ours.colour.shape) != (theirs.format, theirs.colour.shape):
        return False
    if ours.colour.dtype != theirs.colour.dtype:
        return False
    apart = np.abs(np.subtract(ours.colour, theirs.colour, dtype=np.float32)).mean()
    return bool(apart <= _ROUNDING * np.iinfo(ours.colour.dtype).max)


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
