"""derain: removes rain streaks from photographs (Semi-DRDNet, arXiv 2204.02772).

The names below are the public surface; nothing else is promised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derain.errors import (
    BackendUnavailableError,
    CorruptModelError,
    DamagedClipError,
    DerainError,
    InputNotFoundError,
    InvalidImageError,
    ModelNotFoundError,
    NonFiniteError,
    OutOfMemoryError,
    PermissionDeniedError,
    UsageError,
)

if TYPE_CHECKING:
    from derain.clips import video
    from derain.restore import Backend, Derainer, Separation
    from derain.restore.module import load_torch
    from derain.restore.temporal import VideoDerainer
    from derain.zoo import Model, ModelCard, load_model, model_names

__version__ = "0.1.0"

_LATER = {
    **dict.fromkeys(("Backend", "Derainer", "Separation"), "derain.restore"),
    "VideoDerainer": "derain.restore.temporal",
    "video": "derain.clips",
    "load_torch": "derain.restore.module",
    **dict.fromkeys(("Model", "ModelCard", "load_model", "model_names"), "derain.zoo"),
}


def __getattr__(name: str) -> Any:
    # NumPy and Pillow are imported when a Derainer is asked for, so that --help is quick.
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'derain' has no attribute {name!r}")


__all__ = [
    "Backend",
    "BackendUnavailableError",
    "CorruptModelError",
    "DamagedClipError",
    "DerainError",
    "Derainer",
    "InputNotFoundError",
    "InvalidImageError",
    "Model",
    "ModelCard",
    "ModelNotFoundError",
    "NonFiniteError",
    "OutOfMemoryError",
    "PermissionDeniedError",
    "Separation",
    "UsageError",
    "VideoDerainer",
    "__version__",
    "load_model",
    "load_torch",
    "model_names",
    "video",
]
