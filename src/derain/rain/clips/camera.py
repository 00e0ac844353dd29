"""Paths of a camera: where it looks at each frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Path = NDArray[np.float64]
"""(T, 4): x and y of the middle in pixels, the logarithm of the zoom, the turn in radians."""

FASTEST = 12.0
"""Pixels a frame, of a pan."""


def still(frames: int, rng: Generator) -> Path:
    """On a tripod."""
    return np.zeros((frames, 4))


def pan(frames: int, rng: Generator) -> Path:
    """Turned or pushed at a speed that hardly varies, some with zoom."""
    time = np.arange(frames, dtype=float)
    way = rng.uniform(0, 2 * np.pi)
    speed = FASTEST * rng.uniform(0.1, 1) ** 1.5 * (1 + 0.15 * np.sin(time / 5 + way))
    along = np.cumsum(speed)
    zoom = rng.uniform(-0.006, 0.006) * rng.integers(0, 2) * time
    turn = np.zeros(frames)
    return np.stack([along * np.cos(way), 0.5 * along * np.sin(way), zoom, turn], axis=1)


def shake(frames: int, rng: Generator) -> Path:
    """Held in the hand: a slow drift, waves of several lengths, a little turn and zoom."""
    time = np.arange(frames, dtype=float)
    drift = rng.uniform(-2, 2, 2)
    size = rng.uniform(0.5, 3)
    path = np.zeros((frames, 4))
    for axis, most in enumerate((size, size, 0.002, 0.004)):
        for length in rng.uniform(5, 30, 3):
            wave = np.sin(2 * np.pi * time / length + rng.uniform(0, 2 * np.pi))
            path[:, axis] += rng.uniform(0, most) * wave
    path[:, :2] += drift * time[:, None]
    return path


CAMERAS: dict[str, Callable[[int, Generator], Path]] = {"still": still, "pan": pan, "shake": shake}
