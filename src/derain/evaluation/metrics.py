"""PSNR and SSIM under the protocols the field uses. Print the protocol with every number.

``rgb``: 8-bit, over all three channels. ``matlab-y``: Matlab's rgb2ycbcr luma in 16..235 with peak
255, which reads about 1.32 dB higher than full-range luma (20 log10(255 / 219) = 1.322).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PROTOCOLS = ("rgb", "matlab-y")

_SIGMA, _RADIUS = 1.5, 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def luma(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Matlab's rgb2ycbcr luma, not rounded: 16 + (65.481 R + 128.553 G + 24.966 B) / 255.

    Shape:
        (H, W, 3) uint8 -> (H, W) float64 in 16..235.
    """
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.asarray(16 + image.astype(np.float64) @ weights)


def _planes(image: NDArray[np.uint8], protocol: str) -> NDArray[np.float64]:
    if protocol == "matlab-y":
        return luma(image)[..., None]
    if protocol == "rgb":
        return image.astype(np.float64)
    raise ValueError(f"unknown protocol {protocol!r}; known: {', '.join(PROTOCOLS)}")


def _checked(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> None:
    if a.dtype != np.uint8 or b.dtype != np.uint8:
        raise ValueError("metrics compare 8-bit images; round, do not truncate, before")
    if a.shape != b.shape:
        raise ValueError(f"images differ in shape: {a.shape} and {b.shape}")


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8], protocol: str = "matlab-y") -> float:
    """10 log10(255^2 / MSE) in dB; infinite for equal images.

    Args:
        a, b: (H, W, 3) uint8.
        protocol: ``rgb`` or ``matlab-y``.
    """
    _checked(a, b)
    error = float(np.mean((_planes(a, protocol) - _planes(b, protocol)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
    taps = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / _SIGMA) ** 2)
    taps /= taps.sum()
    rows = x.shape[0] - 2 * _RADIUS
    x = np.add.reduce([w * x[i : i + rows] for i, w in enumerate(taps)])
    columns = x.shape[1] - 2 * _RADIUS
    return np.asarray(np.add.reduce([w * x[:, i : i + columns] for i, w in enumerate(taps)]))


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8], protocol: str = "matlab-y") -> float:
    """Structural similarity (Wang et al., 2004): Gaussian 11x11 window (1.5), valid area only.

    K1 = 0.01, K2 = 0.03, L = 255, population covariances, no downsampling; channels averaged.

    Args:
        a, b: (H, W, 3) uint8, at least 11x11.
        protocol: ``rgb`` or ``matlab-y``.
    """
    _checked(a, b)
    if min(a.shape[:2]) < 2 * _RADIUS + 1:
        raise ValueError(f"SSIM needs at least 11x11 pixels, not {a.shape[1]}x{a.shape[0]}")
    x, y = _planes(a, protocol), _planes(b, protocol)
    mx, my = _blur(x), _blur(y)
    vx, vy, cov = _blur(x * x) - mx * mx, _blur(y * y) - my * my, _blur(x * y) - mx * my
    numerator = (2 * mx * my + _C1) * (2 * cov + _C2)
    return float(np.mean(numerator / ((mx * mx + my * my + _C1) * (vx + vy + _C2))))
