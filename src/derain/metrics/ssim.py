"""Structural similarity."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from derain.metrics.metric import Metric, Sample
from derain.metrics.protocols import Pixels, Planes, check_comparable, protocol_named

SIDE, SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BLOCK = 64


@lru_cache(maxsize=8)
def _band_matrix(side: int, sigma: float) -> NDArray[np.float64]:
    """(BLOCK + side - 1, BLOCK): multiplying by it is a valid Gaussian filter of BLOCK outputs."""
    at = np.arange(side) - (side - 1) / 2
    taps = np.exp(-0.5 * (at / sigma) ** 2)
    taps /= taps.sum()
    matrix = np.zeros((_BLOCK + side - 1, _BLOCK))
    for column in range(_BLOCK):
        matrix[column : column + side, column] = taps
    return matrix


def gaussian_valid(x: Planes, side: int = SIDE, sigma: float = SIGMA) -> Planes:
    """Separable Gaussian of a (H, W) plane, only where the window fits: (H-side+1, W-side+1).

    As products with a band matrix, block by block, which is what processors do fastest.
    """
    matrix = _band_matrix(side, sigma)
    rows, columns = x.shape[0] - side + 1, x.shape[1] - side + 1
    down = np.empty((rows, x.shape[1]))
    for top in range(0, rows, _BLOCK):
        n = min(_BLOCK, rows - top)
        np.matmul(
            matrix[: n + side - 1, :n].T, x[top : top + n + side - 1], out=down[top : top + n]
        )
    both = np.empty((rows, columns))
    for left in range(0, columns, _BLOCK):
        n = min(_BLOCK, columns - left)
        both[:, left : left + n] = down[:, left : left + n + side - 1] @ matrix[: n + side - 1, :n]
    return both


def _shrunk(x: Planes, factor: int) -> Planes:
    """Means over squares, borders mirrored, of every factor-th pixel (Wang's ssim.m)."""
    before = (factor + 1) // 2 - 1
    padded = np.pad(x, ((before, factor - 1 - before),) * 2, mode="symmetric")
    height, width = x.shape
    shifts = [(i, j) for i in range(factor) for j in range(factor)]
    parts = [padded[i : i + height : factor, j : j + width : factor] for i, j in shifts]
    return np.asarray(np.mean(parts, axis=0))


def _plane(x: Planes, y: Planes) -> float:
    mx, my = gaussian_valid(x), gaussian_valid(y)
    # Var x + Var y and Cov from two filters instead of three.
    both = gaussian_valid(x * x + y * y) - mx * mx - my * my
    cov = gaussian_valid(x * y) - mx * my
    numerator = (2 * mx * my + _C1) * (2 * cov + _C2)
    return float(np.mean(numerator / ((mx * mx + my * my + _C1) * (both + _C2))))


def ssim(a: Pixels, b: Pixels, protocol: str = "matlab-y") -> float:
    """Structural similarity (Wang et al., 2004): Gaussian 11x11 window (1.5), valid area only.

    K1 = 0.01, K2 = 0.03, L = 255, population covariances; channels averaged. No downsampling,
    except in protocols that say so.

    Args:
        a, b: (H, W, 3) uint8, at least 11x11.
        protocol: A name of :data:`derain.metrics.PROTOCOLS`.
    """
    check_comparable(a, b)
    chosen = protocol_named(protocol)
    height, width = a.shape[:2]
    # Matlab rounds halves up, Python to even.
    factor = max(1, int(min(height, width) / 256 + 0.5)) if chosen.downsampled else 1
    if min(height, width) // factor < SIDE:
        raise ValueError(f"SSIM needs at least 11x11 pixels, not {width}x{height}")
    values = []
    for x, y in zip(chosen.planes(a), chosen.planes(b), strict=True):
        if factor > 1:
            x, y = _shrunk(x, factor), _shrunk(y, factor)
        values.append(_plane(x, y))
    return float(np.mean(values))


def restored_ssim(sample: Sample) -> float | None:
    """:func:`ssim` of the restored picture; None where it is too small."""
    if min(sample.truth.shape[:2]) < SIDE:
        return None
    return ssim(sample.restored, sample.truth, sample.protocol)


SSIM = Metric(
    name="ssim",
    help="Structural similarity (Wang et al., 2004): 11x11 Gaussian window (1.5), valid area; of "
    "pictures of at least 11x11 pixels.",
    better={"pairs": "higher", "rain-free": "higher", "clips": "higher"},
    compute=lambda sample: sample.once(restored_ssim),
    digits=4,
    tolerance=0.0005,
    best=1.0,
    under_protocols=True,
)
