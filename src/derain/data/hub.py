"""Data sets of the Hugging Face hub by id, where huggingface_hub is installed."""

from __future__ import annotations

from pathlib import Path

from derain.data.pairs import SUFFIXES
from derain.errors import DatasetError, first_line

PREFIX = "hf:"


def resolve_source(source: str) -> Path:
    """A folder on disk for a path, or for ``hf:OWNER/NAME[@REVISION][:FOLDER]``.

    A hub's set is downloaded into the hub's own cache once; only pictures and tables are taken.

    Raises:
        DatasetError: huggingface_hub is not installed, or there is no such set or no network.
    """
    if not source.startswith(PREFIX):
        return Path(source)
    name, _, folder = source[len(PREFIX) :].partition(":")
    name, _, revision = name.partition("@")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )
    except ImportError:
        raise DatasetError(
            f"{source}: needs huggingface_hub: pip install huggingface_hub"
        ) from None
    patterns = [f"*{suffix}" for suffix in sorted(SUFFIXES)] + ["*.csv"]
    try:
        local = snapshot_download(
            name, repo_type="dataset", revision=revision or None, allow_patterns=patterns
        )
    except (OSError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise DatasetError(f"{source}: cannot be had from the hub ({first_line(error)})") from error
    return Path(local) / folder if folder else Path(local)
