"""derain: removes rain streaks from photographs (Semi-DRDNet, arXiv 2204.02772).

The names below are the public surface; nothing else is promised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derain.errors import (
    BackendUnavailableError,
    CorruptModelError,
    DerainError,
    InputNotFoundError,
    InvalidImageError,
    ModelNotFoundError,
    NonFiniteError,
    OutOfMemoryError,
    UsageError,
)

if TYPE_CHECKING:
    from derain.restore import Derainer, Separation
    from derain.zoo import model_names

__version__ = "0.1.0"

_LATER = {"Derainer": "derain.restore", "Separation": "derain.restore", "model_names": "derain.zoo"}


def __getattr__(name: str) -> Any:
    # NumPy and Pillow are imported when a Derainer is asked for, so that --help is quick.
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'derain' has no attribute {name!r}")


__all__ = [
    "BackendUnavailableError",
    "CorruptModelError",
    "DerainError",
    "Derainer",
    "InputNotFoundError",
    "InvalidImageError",
    "ModelNotFoundError",
    "NonFiniteError",
    "OutOfMemoryError",
    "Separation",
    "UsageError",
    "__version__",
    "model_names",
]
