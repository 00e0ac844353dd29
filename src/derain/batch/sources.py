"""Where the pictures of a run come from: a store, or a list of addresses anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from derain.batch.stores import open_store
from derain.batch.stores.bucket import WEB
from derain.errors import (
    BackendUnavailableError,
    DatasetError,
    InputNotFoundError,
    UsageError,
    first_line,
)
from derain.files import explain_os_error

_LISTS = (".txt", ".lst", ".parquet")


@dataclass(frozen=True)
class Located:
    """A file of a source.

    Attributes:
        store: What :func:`open_store` takes.
        key: Its name there.
        name: Its name in the source, and so in the target.
        version: Changes when the file does; empty where only reading it would tell.
        written: When, in seconds since 1970, where it may be there in part.
    """

    store: str
    key: str
    name: str
    version: str = ""
    written: float | None = None

    @property
    def place(self) -> str:
        """The store, by an address that is the same in every working folder."""
        return _place(self.store)


@lru_cache
def _place(store: str) -> str:
    return store if "://" in store else str(Path(store).resolve())


class Source(Protocol):
    """Files to go through, again and again in the same order.

    Attributes:
        uri: For people.
        may_repeat: Whether one name may come twice.
    """

    uri: str
    may_repeat: bool

    def files(self) -> Iterator[Located]: ...


def open_source(uri: str, column: str | None = None) -> Source:
    """A folder, a bucket, or a list (``.txt``, ``.lst`` or ``.parquet``).

    Raises:
        InputNotFoundError, UsageError, BackendUnavailableError: As the kinds of source say.
    """
    if "://" not in uri and Path(uri).suffix.lower() in _LISTS and not Path(uri).is_dir():
        return AddressList(Path(uri), column)
    if column is not None:
        raise UsageError(f"--column goes with a list, a .parquet file, not with {uri}")
    if "://" not in uri and not Path(uri).is_dir():
        known = "; for single pictures: derain PICTURE" if Path(uri).is_file() else ""
        raise InputNotFoundError(f"{uri}: no such folder{known}")
    return StoreSource(uri)


class StoreSource:
    """All files of a folder or bucket."""

    may_repeat = False

    def __init__(self, uri: str) -> None:
        self._store = open_store(uri)
        self.uri = self._store.uri

    def files(self) -> Iterator[Located]:
        for entry in self._store.entries():
            yield Located(self.uri, entry.name, entry.name, entry.version, entry.written)


class AddressList:
    """Pictures anywhere: local paths (from where the list lies), ``s3://``, ``https://``, ...

    A picture's name is its address without the scheme: that of ``s3://bucket/a/b.jpg`` is
    ``bucket/a/b.jpg``, so results of several buckets lie side by side; that of a web server is
    without its percent signs, too. A list is read line by line, and may be longer than memory.

    Args:
        path: A text file with one address a line (empty lines and ``#`` lines are passed over), or
            a Parquet file.
        column: Of the Parquet file.

    Raises:
        InputNotFoundError: There is no such file.
        UsageError: A Parquet file without a column, or a column that it has not; later, an address
            that cannot be read.
        BackendUnavailableError: pyarrow is not installed.
    """

    may_repeat = True

    def __init__(self, path: Path, column: str | None = None) -> None:
        self.uri, self._path, self._column = str(path), path, column
        if not path.is_file():
            raise InputNotFoundError(f"{path}: no such file")
        if (path.suffix.lower() == ".parquet") != (column is not None):
            raise UsageError(f"{path}: a Parquet file needs --column, and nothing else has one")

    def files(self) -> Iterator[Located]:
        addresses = self._lines() if self._column is None else self._values(self._column)
        return map(self._located, addresses)

    def _lines(self) -> Iterator[str]:
        try:
            with self._path.open(encoding="utf-8-sig") as file:
                for line in file:
                    if (address := line.strip()) and not address.startswith("#"):
                        yield address
        except UnicodeDecodeError:
            raise DatasetError(f"{self._path}: is no text in UTF-8") from None
        except OSError as error:
            raise explain_os_error(error, self._path) from error

    def _values(self, column: str) -> Iterator[str]:
        try:
            import pyarrow.parquet as parquet
            from pyarrow import ArrowException
        except ImportError:
            raise BackendUnavailableError(
                f"{self._path}: needs pyarrow: pip install pyarrow"
            ) from None
        try:
            with parquet.ParquetFile(self._path) as file:
                if column not in file.schema_arrow.names:
                    known = ", ".join(file.schema_arrow.names[:8])
                    raise UsageError(f"{self._path}: has no column '{column}'; it has {known}")
                for batch in file.iter_batches(columns=[column]):
                    yield from map(str, batch.column(0).to_pylist())
        except (ArrowException, OSError) as error:
            raise DatasetError(f"{self._path}: damaged Parquet ({first_line(error)})") from error

    def _located(self, address: str) -> Located:
        if "\0" in address:
            raise UsageError(
                f"{self._path}: {address}: holds a NUL, which no name does; correct it"
            )
        scheme, separator, rest = address.partition("://")
        if separator and scheme != "file":
            place, _, key = rest.partition("/")
            if address.startswith(WEB):
                if "?" in key:
                    raise UsageError(
                        f"{self._path}: {address}: addresses with a query (?) cannot be read; "
                        "fetch these files first, and list where they lie"
                    )
                try:
                    key = unquote(key, errors="strict")
                except UnicodeDecodeError:
                    raise UsageError(
                        f"{self._path}: {address}: percent signs that are no UTF-8 cannot be read; "
                        "fetch these files first, and list where they lie"
                    ) from None
            return Located(f"{scheme}://{place}", key, f"{place}/{key}")
        path = Path(rest if separator else address)
        if path.is_absolute():
            key = path.relative_to(path.anchor).as_posix()
            return Located(path.anchor, key, key)
        return Located(str(self._path.parent), path.as_posix(), path.as_posix())
