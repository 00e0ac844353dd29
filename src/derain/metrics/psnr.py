"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from derain.metrics.protocols import Pixels, check_comparable, protocol_named

_ROWS = 16  # at a time, so that they stay in the processor's cache

IDENTICAL = 100.0
"""What stands for an infinite PSNR in means: a picture left bit for bit. OURS."""


def psnr(a: Pixels, b: Pixels, protocol: str = "matlab-y") -> float:
    """10 log10(255^2 / MSE) in dB; infinite for equal images.

    Every protocol is linear, so the planes of the difference are the difference of the planes.

    Args:
        a, b: (H, W, 3) uint8.
        protocol: A name of :data:`derain.metrics.PROTOCOLS`.
    """
    check_comparable(a, b)
    gain = protocol_named(protocol).gain
    total = 0.0
    for top in range(0, a.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        difference = np.subtract(a[rows], b[rows], dtype=np.float64).reshape(-1, 3)
        planes = (difference @ gain).ravel()
        total += float(np.dot(planes, planes))
    mean = total / (a.shape[0] * a.shape[1] * gain.shape[1])
    return float("inf") if mean == 0 else 10 * float(np.log10(255**2 / mean))
