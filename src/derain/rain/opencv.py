"""OpenCV, which only clips need: rain taken from them, and clips that are made."""

from __future__ import annotations

from typing import Any

from derain.errors import BackendUnavailableError


def opencv() -> Any:
    """The module.

    Raises:
        BackendUnavailableError: It is not installed.
    """
    try:
        import cv2
    except ImportError:
        raise BackendUnavailableError("clips need OpenCV: pip install 'derain[train]'") from None
    return cv2
