"""Metrics on arrays, each under a named protocol; no files, no models."""

from derain.metrics.extra import EXTRA, extra_metric
from derain.metrics.intervals import Mean, mean_with_interval
from derain.metrics.niqe import Pristine, fit_pristine, niqe
from derain.metrics.protocols import PROTOCOLS, Protocol, luma, protocol_named
from derain.metrics.psnr import IDENTICAL, psnr
from derain.metrics.ssim import ssim
from derain.metrics.streaks import (
    StreakRemoval,
    rain_mask,
    removed_direction,
    streak_removal,
    touched,
)
from derain.metrics.views import check_degrees, check_factor, enlarge, turn

__all__ = [
    "EXTRA",
    "IDENTICAL",
    "PROTOCOLS",
    "Mean",
    "Pristine",
    "Protocol",
    "StreakRemoval",
    "check_degrees",
    "check_factor",
    "enlarge",
    "extra_metric",
    "fit_pristine",
    "luma",
    "mean_with_interval",
    "niqe",
    "protocol_named",
    "psnr",
    "rain_mask",
    "removed_direction",
    "ssim",
    "streak_removal",
    "touched",
    "turn",
]
