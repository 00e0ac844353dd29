"""Scores of clips: how steady they are, whether they grew darker, their worst frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from derain.metrics.protocols import Pixels, luma
from derain.metrics.psnr import capped_psnr
from derain.metrics.ssim import ssim

_FLAT = 50.0  # Lai et al.: exp(-50 d^2), d in units of the full range


@dataclass(frozen=True)
class ClipScore:
    """A derained clip against its truth.

    Attributes:
        psnr: Mean over frames, matlab-y, dB.
        worst: The lowest of a frame, dB.
        worst_frame: Which one.
        ssim: Mean over frames, matlab-y.
        bias: Mean of restored less truth, in levels of 255.
        flicker: Warping error of the clip (:func:`warping_error`), times 10^4.
        flicker_truth: That of the truth: a clip below it is blurred, not steadier.
    """

    psnr: float
    worst: float
    worst_frame: int
    ssim: float
    bias: float
    flicker: float
    flicker_truth: float


def score_clip(
    restored: Sequence[Pixels], truth: Sequence[Pixels], flows: Sequence[NDArray[np.float32]]
) -> ClipScore:
    """Score a clip.

    Args:
        restored, truth: (H, W, 3) uint8 each, at least two.
        flows: (H, W, 2) float32 each: from every frame of the truth but the first to the one
            before.
    """
    each = [capped_psnr(a, b) for a, b in zip(restored, truth, strict=True)]
    worst = int(np.argmin(each))
    similar = [ssim(a, b) for a, b in zip(restored, truth, strict=True)]
    differences = [
        np.subtract(a, b, dtype=np.float64).mean() for a, b in zip(restored, truth, strict=True)
    ]
    return ClipScore(
        psnr=float(np.mean(each)),
        worst=each[worst],
        worst_frame=worst,
        ssim=float(np.mean(similar)),
        bias=float(np.mean(differences)),
        flicker=1e4 * warping_error(restored, truth, flows),
        flicker_truth=1e4 * warping_error(truth, truth, flows),
    )


def warping_error(
    clip: Sequence[Pixels], truth: Sequence[Pixels], flows: Sequence[NDArray[np.float32]]
) -> float:
    """Mean squared difference of successive frames along the truth's motion (E_warp).

    Luma in units of the full range; frames are drawn on by linear interpolation; a pixel counts by
    exp(-50 d^2), d the truth's own difference there (Lai et al., ECCV 2018), and not at all where
    the motion leaves the frame.

    Args:
        clip: (H, W, 3) uint8 each.
        truth: What the motion and the weights are of.
        flows: (H, W, 2) float32 each, from frame t + 1 to frame t.
    """
    total = weight = 0.0
    for t, flow in enumerate(flows):
        drawn, inside = _drawn(luma(clip[t]) / 255, flow)
        own, _ = _drawn(luma(truth[t]) / 255, flow)
        seen = inside * np.exp(-_FLAT * (luma(truth[t + 1]) / 255 - own) ** 2)
        total += float((seen * (luma(clip[t + 1]) / 255 - drawn) ** 2).sum())
        weight += float(seen.sum())
    return total / max(weight, 1e-12)


def _drawn(
    plane: NDArray[np.float64], flow: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A plane by linear interpolation where the flow points, and where that is in the frame."""
    height, width = plane.shape
    y, x = np.mgrid[:height, :width]
    x, y = x + flow[..., 0].astype(np.float64), y + flow[..., 1].astype(np.float64)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left = np.minimum(x.astype(int), max(0, width - 2))
    top = np.minimum(y.astype(int), max(0, height - 2))
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    u, v = x - left, y - top
    upper = (1 - u) * plane[top, left] + u * plane[top, right]
    lower = (1 - u) * plane[below, left] + u * plane[below, right]
    return (1 - v) * upper + v * lower, inside
