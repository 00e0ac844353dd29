"""OpenCV, which only clips need: derained, made, or robbed of their rain."""

from __future__ import annotations

import threading
from typing import Any, Literal

from derain.errors import BackendUnavailableError

_LOCK = threading.Lock()  # its import is in two parts, and another thread would get the first one


def opencv(extra: Literal["video", "train"] = "video") -> Any:
    """The module.

    Args:
        extra: The extra of ours that brings it to whoever is at work here.

    Raises:
        BackendUnavailableError: It is not installed.
    """
    try:
        with _LOCK:
            import cv2
    except ImportError:
        raise BackendUnavailableError(f"clips need OpenCV: pip install 'derain[{extra}]'") from None
    return cv2
