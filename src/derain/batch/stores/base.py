"""What a place has to do that pictures come from or go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A file of a store.

    Attributes:
        name: Relative to the store, with slashes.
        size: Bytes.
        version: Changes when the file does: its entity tag, or its size and time of writing.
        written: When, in seconds since 1970; None where files are there whole or not at all.
    """

    name: str
    size: int
    version: str
    written: float | None = None


class Store(Protocol):
    """Files under names. All methods may be called from several threads at once.

    Attributes:
        uri: What it was opened by, for people.
    """

    uri: str

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All files below a folder, in an order that stays the same; none where it is not there.

        Files and folders whose names begin with a dot are left out, unless ``prefix`` names them.

        Raises:
            DerainError: The store cannot be listed.
        """

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            InputNotFoundError: It is not there (any more).
            PermissionDeniedError, StoreError: It cannot be had.
        """

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet, whole or not at all; False where one is there.

        Raises:
            DiskFullError, PermissionDeniedError, StoreError: The store refused.
        """

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all, over whatever is there.

        Raises:
            DiskFullError, PermissionDeniedError, StoreError: The store refused.
        """

    def shown(self, name: str) -> str:
        """A file's whole address, for people."""
