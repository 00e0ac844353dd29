"""What every adapter is: a picture in, the restored picture out, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.errors import NonFiniteError, UsageError

Pixels = NDArray[np.uint8]
Derain = Callable[[Pixels], Pixels]
"""(H, W, 3) uint8 RGB -> the restored picture, of the same shape and type."""


class Adapter(Protocol):
    """Somebody else's derainer.

    Attributes:
        about: What it is, for people.
        fingerprint: Changes when its results would.
    """

    about: str
    fingerprint: str

    def __call__(self, rainy: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> the restored picture, of the same shape and type."""
        ...


def check_pixels(name: str, result: Any, rainy: Pixels) -> Pixels:
    """A stranger's result, which must be a picture like the one it was given.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(result, np.ndarray) or result.dtype != np.uint8:
        kind = getattr(result, "dtype", type(result).__name__)
        raise UsageError(f"{name}: gave {kind}, not an array of uint8")
    if result.shape != rainy.shape:
        raise UsageError(
            f"{name}: its result's shape is {result.shape}, the picture's {rainy.shape}"
        )
    return result


def to_pixels(name: str, levels: NDArray[np.float32]) -> Pixels:
    """(H, W, 3) levels in 0..255, not yet rounded -> uint8.

    Raises:
        NonFiniteError: Values that are not finite.
    """
    if not np.isfinite(levels).all():
        raise NonFiniteError(f"{name}: gave values that are not finite")
    return np.ascontiguousarray(np.rint(levels.clip(0, 255)).astype(np.uint8))
