"""OpenCV, which is asked for only where video is derained."""

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
        raise BackendUnavailableError(
            "deraining video needs OpenCV: pip install 'derain[video]'"
        ) from None
    return cv2
