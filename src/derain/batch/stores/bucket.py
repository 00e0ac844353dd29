"""A bucket of S3, Google or Azure, or a web server, as a store: through obstore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import quote

from derain.batch.stores.base import Entry
from derain.errors import (
    BackendUnavailableError,
    DerainError,
    InputNotFoundError,
    PermissionDeniedError,
    StoreError,
    UsageError,
    first_line,
)
from derain.files import explain_os_error

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
WEB = ("http://", "https://")


class Bucket:
    """Objects below a prefix. Credentials and endpoints come from the environment.

    obstore repeats what a store refuses for a while (503, a lost connection) by itself, with
    growing pauses. ``create`` is a conditional put, so two machines never write one name.

    Args:
        uri: Such as ``s3://bucket/prefix``; what lies on a web server can be read, not listed or
            written.

    Raises:
        BackendUnavailableError: obstore is not installed.
        StoreError: The address makes no sense.
    """

    def __init__(self, uri: str) -> None:
        try:
            import obstore  # noqa: F401 - whether it is there
        except ImportError:
            raise BackendUnavailableError(
                f"{uri}: needs obstore: pip install 'derain[cloud]'"
            ) from None
        self.uri = uri.rstrip("/")
        self._web = uri.startswith(WEB)
        try:
            self._store = self._opened()
        except Exception as error:
            raise self._explained(error, "") from error

    def _opened(self, options: Any = None) -> Any:
        """The store; with options of its requests, or those of the environment."""
        from obstore.store import HTTPStore, from_url

        if not self._web:
            scheme, _, rest = self.uri.partition("://")
            place, slash, prefix = rest.partition("/")
            return from_url(f"{scheme}://{place}{slash}{quote(prefix)}", client_options=options)
        # Not guessed from the address: that of a public bucket would be asked for credentials.
        web: Any = {"allow_http": self.uri.startswith("http://"), **(options or {})}
        return HTTPStore.from_url(self.uri, client_options=web)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        import obstore

        if self._web:
            raise UsageError(
                f"{self.uri}: a web server names no files and takes none; give a list of addresses "
                "(.txt) to read from, and a folder or bucket to write to"
            )
        try:
            for page in obstore.list(self._store, prefix or None):
                for found in sorted(page, key=lambda meta: meta["path"]):
                    name = found["path"]
                    hidden = any(part.startswith(".") for part in name.split("/"))
                    if name.endswith("/") or (hidden and not prefix):
                        continue
                    yield Entry(name, found["size"], found["e_tag"] or str(found["last_modified"]))
        except Exception as error:
            raise self._explained(error, prefix) from error

    def read(self, name: str) -> bytes:
        import obstore

        try:
            return bytes(obstore.get(self._store, name).bytes())
        except Exception as error:
            raise self._explained(error, name) from error

    def pieces(self, name: str) -> Iterator[bytes]:
        return self._pieces(name, self._head(name)["size"])

    def _pieces(self, name: str, size: int) -> Iterator[bytes]:
        import obstore

        try:
            for piece in obstore.get(self._patient(size), name).stream(min_chunk_size=_PIECE):
                yield bytes(piece)
        except Exception as error:
            raise self._explained(error, name) from error

    def _patient(self, size: int) -> Any:
        """The store, for a request of so many bytes: usually one has to end within 30 seconds."""
        options: Any = {"timeout": f"{30 + size // _SLOWEST}s"}
        # Options that are given replace all that obstore takes from the environment.
        provider = _PROVIDERS.get(self.uri.partition("://")[0])
        for key in _CLIENT if provider else ():
            if (value := os.environ.get(f"{provider}_{key.upper()}")) is not None:
                options[key] = value
        return self._opened(options)

    def _head(self, name: str) -> Any:
        import obstore

        try:
            return obstore.head(self._store, name)
        except Exception as error:
            raise self._explained(error, name) from error

    def local(self, name: str, folder: Path) -> Path:
        known = self._head(name)
        path, part = folder / PurePosixPath(name).name, folder / "part"
        written = int(known["last_modified"].timestamp() * 1e9)
        try:
            if written and path.exists():  # web servers need not tell a time
                there = path.stat()
                if (there.st_size, there.st_mtime_ns) == (known["size"], written):
                    return path
            folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                for piece in self._pieces(name, known["size"]):
                    file.write(piece)
            os.utime(part, ns=(written, written))
            part.replace(path)
        except OSError as error:
            raise explain_os_error(error, folder) from error
        return path

    def create(self, name: str, data: bytes | Path) -> bool:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            self._put(name, data, "create")
        except (AlreadyExistsError, PreconditionError):
            return False
        except Exception as error:
            raise self._explained(error, name) from error
        return True

    def replace(self, name: str, data: bytes | Path) -> None:
        try:
            self._put(name, data, "overwrite")
        except Exception as error:
            raise self._explained(error, name) from error

    def _put(self, name: str, data: bytes | Path, mode: Literal["create", "overwrite"]) -> None:
        import obstore

        if isinstance(data, bytes):
            obstore.put(self._store, name, data, mode=mode)
            return
        # Only a single put can be conditional. A mapped file is read as it is sent: its pages are
        # the system's, which takes them back when memory is short.
        with data.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
            store = self._patient(len(mapped))
            obstore.put(store, name, mapped, mode=mode, use_multipart=False)

    def remove(self, name: str) -> None:
        import obstore

        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._explained(error, name) from error

    def shown(self, name: str) -> str:
        return f"{self.uri}/{name}"

    def _explained(self, error: Exception, name: str) -> DerainError:
        """The error of ours that says what obstore's means; its own go on for pages."""
        from obstore.exceptions import (
            NotFoundError,
            UnauthenticatedError,
        )
        from obstore.exceptions import (
            PermissionDeniedError as Denied,
        )

        if isinstance(error, DerainError):
            return error
        where, words = self.shown(name) if name else self.uri, str(error)
        if "NoSuchBucket" in words or "bucketNotFound" in words or "ContainerNotFound" in words:
            return InputNotFoundError(f"{self.uri}: no such bucket")
        if isinstance(error, (FileNotFoundError, NotFoundError)):
            return InputNotFoundError(f"{where}: no such object")
        denied = isinstance(error, (Denied, UnauthenticatedError, PermissionError))
        if denied or any(word in words for word in _DENIED):
            return PermissionDeniedError(f"{where}: permission denied; {_CREDENTIALS}")
        if "credential" in words.lower() or "169.254.169.254" in words:
            return PermissionDeniedError(f"{where}: no credentials; {_CREDENTIALS}")
        if "path segment" in words:  # obstore lists nothing beside it
            return StoreError(
                f"{where}: holds a name with '//', '/./' or '/../' in it, which cannot be read "
                f"({first_line(error):.160}); rename it, or give a part of the bucket"
            )
        told = first_line(error).replace("Error performing ", "")
        return StoreError(f"{where}: the store does not answer as it should ({told:.160})")


_PIECE = 4 << 20  # bytes
_SLOWEST = 256 << 10  # bytes a second that are waited for
_PROVIDERS = {
    **dict.fromkeys(("s3", "s3a"), "AWS"),
    "gs": "GOOGLE",
    **dict.fromkeys(("az", "azure", "abfs", "abfss", "adl"), "AZURE"),
}
_CLIENT = (
    *("allow_http", "allow_invalid_certificates", "connect_timeout", "http1_only", "http2_only"),
    *("proxy_url", "proxy_ca_certificate", "proxy_excludes", "timeout", "user_agent"),
)
_DENIED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_CREDENTIALS = (
    "set those of the provider, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "GOOGLE_APPLICATION_CREDENTIALS or AZURE_STORAGE_ACCOUNT_KEY"
)
