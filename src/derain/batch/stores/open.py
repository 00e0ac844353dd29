"""From an address to a store."""

from __future__ import annotations

from pathlib import Path

from derain.batch.stores.base import Store
from derain.batch.stores.bucket import SCHEMES, Bucket
from derain.batch.stores.folder import Folder
from derain.errors import UsageError


def open_store(uri: str) -> Store:
    """A local folder by its path, or a bucket by its address.

    Raises:
        UsageError: The address is of a kind that is not known.
        BackendUnavailableError: The extra for buckets is not installed.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return Folder(Path(uri))
    if scheme == "file":
        return Folder(Path(rest))
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in ("s3", "gs", "az", "https", "file"))
        raise UsageError(f"{uri}: '{scheme}://' is not known; use a folder or one of {known}")
    return Bucket(uri)
