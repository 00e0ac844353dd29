"""Whether clips can be derained here, asked without importing what takes a second."""

from __future__ import annotations

import importlib.util

HOW = "pip install 'derain[video]'"
"""What a person is told otherwise."""


def video_installed() -> bool:
    """Whether the libraries of the extra ``video`` are there."""
    return all(importlib.util.find_spec(name) for name in ("av", "cv2"))
