"""What a place has to do that pictures come from or go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A file of a store.

    Attributes:
        name: Relative to the store, with slashes; one at its end says that it is a link to a
            folder, which is not followed.
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

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file's bytes, a few megabytes at a time; raises as :meth:`read`."""

    def local(self, name: str, folder: Path) -> Path:
        """A file's bytes as a file of this machine, of the same name.

        It is the file itself, or a copy in ``folder``, which is kept as long as it is the same.

        Raises:
            InputNotFoundError: It is not there (any more).
            PermissionDeniedError, DiskFullError, StoreError: It cannot be had.
        """

    def create(self, name: str, data: bytes | Path) -> bool:
        """Write a file that is not there yet, whole or not at all; False where one is there.

        Args:
            name: Of the file.
            data: Its bytes, or a finished file that holds them, which for a local folder is in the
                same place of the disk and may be moved.

        Raises:
            DiskFullError, PermissionDeniedError, StoreError: The store refused.
        """

    def replace(self, name: str, data: bytes | Path) -> None:
        """Write a file, whole or not at all, over whatever is there; as :meth:`create`."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            PermissionDeniedError, StoreError: The store refused.
        """

    def shown(self, name: str) -> str:
        """A file's whole address, for people."""
