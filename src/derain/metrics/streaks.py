"""What was taken away: where, and in which direction. OURS."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from derain.metrics.metric import Metric, Sample
from derain.metrics.protocols import Pixels, Planes, check_comparable, luma
from derain.metrics.ssim import gaussian_valid

SIDE, _SIGMA = 21, 5.0
SEEN = 8
"""Levels of luma from which a change counts as seen, and rain as there."""


class StreakRemoval(NamedTuple):
    """Share of the fine structure's energy that went, in 0..1; negative where some was added.

    Attributes:
        inside: Within the rain mask: high where streaks were removed.
        outside: Outside it: near zero where the picture was left alone.
    """

    inside: float
    outside: float


def rain_mask(rainy: Pixels, clean: Pixels) -> NDArray[np.bool_]:
    """Where a pair differs by more than 8 levels of luma, (H, W)."""
    check_comparable(rainy, clean)
    return np.asarray(np.abs(luma(rainy) - luma(clean)) > SEEN)


def _fine(image: Pixels) -> Planes:
    """Luma without its Gaussian mean (sigma 5): streaks and texture, not the light."""
    plane = luma(image)
    reach = SIDE // 2
    return plane - gaussian_valid(np.pad(plane, reach, mode="symmetric"), SIDE, _SIGMA)


def streak_removal(
    rainy: Pixels, restored: Pixels, mask: NDArray[np.bool_]
) -> StreakRemoval | None:
    """1 - E(restored) / E(rainy), E the mean square of the fine structure, in the mask and outside.

    Args:
        rainy, restored: (H, W, 3) uint8, at least 21 pixels a side.
        mask: (H, W), True where it rains: marked by hand, or from :func:`rain_mask`.

    Returns:
        None where one of both sides has less than 1 % of the pixels: nothing to compare.
    """
    check_comparable(rainy, restored)
    if mask.shape != rainy.shape[:2]:
        raise ValueError(f"the mask is {mask.shape}, the picture {rainy.shape[:2]}")
    if not 0.01 <= mask.mean() <= 0.99:
        return None
    before, after = _fine(rainy) ** 2, _fine(restored) ** 2
    inside, outside = (
        1 - float(after[where].mean()) / max(1e-9, float(before[where].mean()))
        for where in (mask, ~mask)
    )
    return StreakRemoval(inside, outside)


def removed_direction(rainy: Pixels, restored: Pixels) -> float:
    """How far what was taken away runs in one direction, in 0..1: the removed layer's coherence.

    ``|sum g^2| / sum |g|^2`` over pixels, g the gradient of luma(rainy) - luma(restored) as a
    complex number: doubling its angle makes opposite slopes agree (the structure tensor's
    coherence, Bigun and Granlund 1987). Streaks of one direction give values near 1, texture and
    noise near 0. Zero where nothing was removed.
    """
    check_comparable(rainy, restored)
    down, across = np.gradient(luma(rainy) - luma(restored))
    squares = (across + 1j * down) ** 2
    energy = float(np.abs(squares).sum())
    return float(np.abs(squares.sum())) / energy if energy else 0.0


def _compute(sample: Sample) -> StreakRemoval | None:
    if min(sample.rainy.shape[:2]) < SIDE:
        return None
    return streak_removal(sample.rainy, sample.restored, rain_mask(sample.rainy, sample.truth))


def _inside(sample: Sample) -> float | None:
    removal = sample.once(_compute)
    return removal and removal.inside


def _outside(sample: Sample) -> float | None:
    removal = sample.once(_compute)
    return removal and removal.outside


INSIDE = Metric(
    name="streaks/inside",
    help="Share of the fine structure's energy that went where it rains, which is where a pair "
    "differs by more than 8 levels of luma (ours). High beside a high streaks/outside is a smear. "
    "Of pictures of at least 21x21 pixels with rain on 1% to 99% of them.",
    better={"pairs": "higher"},
    compute=_inside,
    digits=3,
    tolerance=0.005,
    revision=0,
)

OUTSIDE = Metric(
    name="streaks/outside",
    help="The same where it does not rain (ours): below zero where structure was added, a little "
    "above it for a perfect result, since streaks reach beyond their mask.",
    better={"pairs": "zero"},
    compute=_outside,
    digits=3,
    tolerance=0.005,
    revision=0,
)
