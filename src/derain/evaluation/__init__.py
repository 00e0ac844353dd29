"""Metrics on arrays, each under a named protocol; no files, no models."""

from derain.evaluation.extra import EXTRA, extra_metric
from derain.evaluation.interval import Mean, mean_with_interval
from derain.evaluation.niqe import Pristine, fit_pristine, niqe
from derain.evaluation.protocol import PROTOCOLS, Protocol, luma, protocol_named
from derain.evaluation.psnr import IDENTICAL, psnr
from derain.evaluation.ssim import ssim
from derain.evaluation.streaks import (
    StreakRemoval,
    rain_mask,
    removed_direction,
    streak_removal,
    touched,
)
from derain.evaluation.views import check_degrees, check_factor, enlarge, turn

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
