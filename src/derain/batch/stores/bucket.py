"""A bucket of S3, Google or Azure, or a web server, as a store: through obstore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from derain.batch.stores.base import Entry
from derain.errors import (
    BackendUnavailableError,
    DerainError,
    InputNotFoundError,
    PermissionDeniedError,
    StoreError,
    first_line,
)

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "http", "https")


class Bucket:
    """Objects below a prefix. Credentials and endpoints come from the environment.

    obstore repeats what a store refuses for a while (503, a lost connection) by itself, with
    growing pauses. ``create`` is a conditional put, so two machines never write one name.

    Args:
        uri: Such as ``s3://bucket/prefix``; a web server's can be read, not listed or written.

    Raises:
        BackendUnavailableError: obstore is not installed.
        StoreError: The address makes no sense.
    """

    def __init__(self, uri: str) -> None:
        try:
            from obstore.store import from_url
        except ImportError:
            raise BackendUnavailableError(
                f"{uri}: needs obstore: pip install 'derain[cloud]'"
            ) from None
        self.uri = uri.rstrip("/")
        try:
            self._store: Any = from_url(self.uri)
        except Exception as error:
            raise self._explained(error, "") from error

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        import obstore

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

    def create(self, name: str, data: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            obstore.put(self._store, name, data, mode="create")
        except (AlreadyExistsError, PreconditionError):
            return False
        except Exception as error:
            raise self._explained(error, name) from error
        return True

    def replace(self, name: str, data: bytes) -> None:
        import obstore

        try:
            obstore.put(self._store, name, data)
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
        told = first_line(error).replace("Error performing ", "")
        return StoreError(f"{where}: the store does not answer as it should ({told:.160})")


_DENIED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_CREDENTIALS = (
    "set those of the provider, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "GOOGLE_APPLICATION_CREDENTIALS or AZURE_STORAGE_ACCOUNT_KEY"
)
