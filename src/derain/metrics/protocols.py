"""Named protocols: what exactly a PSNR or an SSIM was computed on. Print one with every number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from derain.errors import UsageError

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float64]

_REC601 = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Protocol:
    """How two 8-bit pictures become the numbers that are compared; the peak is always 255.

    Attributes:
        name: What ``--protocol`` calls it.
        formula: The planes, as a formula.
        source: Who computes it so.
        reads: How it reads against the others.
        gain: Linear map from (R, G, B) to the planes, (3, planes).
        bias: Added to every plane; PSNR does not see it, SSIM's luminance term does.
        downsampled: Whether SSIM first shrinks large pictures, as Wang's ``ssim.m`` does.
    """

    name: str
    formula: str
    source: str
    reads: str
    gain: NDArray[np.float64]
    bias: float = 0.0
    downsampled: bool = False

    def planes(self, image: Pixels) -> Planes:
        """(H, W, 3) uint8 -> (planes, H, W) float64."""
        planes = self.gain.T @ image.reshape(-1, 3).T + self.bias
        return np.asarray(planes).reshape(-1, *image.shape[:2])


_MATLAB = (_REC601 * 219 / 255)[:, None]

_ALL = (
    Protocol(
        "rgb",
        "R, G, B in 0..255; PSNR over all three at once, SSIM as the mean of three",
        "DRD-Net's and ID-CGAN's tables (Rain800)",
        "the lowest of all where rain is coloured or JPEG has hit the chroma",
        np.eye(3),
    ),
    Protocol(
        "matlab-y",
        "Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, in 16..235, not rounded; peak 255",
        "Matlab's rgb2ycbcr; most tables of the field (PReNet, MSPFN, MPRNet, Restormer)",
        "PSNR exactly 20 log10(255 / 219) = 1.322 dB above full-y",
        _MATLAB,
        bias=16,
    ),
    Protocol(
        "full-y",
        "Y = 0.299 R + 0.587 G + 0.114 B, in 0..255, not rounded",
        "OpenCV and Pillow (ITU-R BT.601, full range)",
        "PSNR exactly 1.322 dB below matlab-y",
        _REC601[:, None],
    ),
    Protocol(
        "did-y",
        "as matlab-y; SSIM after averaging over f x f and taking every f-th pixel, "
        "f = max(1, round(min(H, W) / 256))",
        "Wang's ssim.m, as the tables of DDN and DID-MDN were made",
        "PSNR as matlab-y; SSIM the same up to 383 pixels, above it reads higher, since thin "
        "streaks are averaged away",
        _MATLAB,
        bias=16,
        downsampled=True,
    ),
)

PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in _ALL}


def protocol_named(name: str) -> Protocol:
    """A protocol by name; an unknown one is a :class:`UsageError`."""
    if name not in PROTOCOLS:
        raise UsageError(f"unknown protocol '{name}'; known: {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def luma(image: Pixels) -> Planes:
    """Matlab's rgb2ycbcr luma, not rounded: 16 + (65.481 R + 128.553 G + 24.966 B) / 255.

    Shape:
        (H, W, 3) uint8 -> (H, W) float64 in 16..235.
    """
    plane: Planes = PROTOCOLS["matlab-y"].planes(image)[0]
    return plane


def check_comparable(a: Pixels, b: Pixels) -> None:
    """Refuse what cannot be compared.

    Raises:
        ValueError: Not 8 bits, not RGB, or of two shapes.
    """
    if a.dtype != np.uint8 or b.dtype != np.uint8:
        raise ValueError("metrics compare 8-bit images; round, do not truncate, before")
    if a.shape != b.shape:
        raise ValueError(f"images differ in shape: {a.shape} and {b.shape}")
    if a.ndim != 3 or a.shape[2] != 3 or not a.size:
        raise ValueError(f"metrics compare (H, W, 3) images, not {a.shape}")
