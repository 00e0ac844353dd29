"""Metrics: pictures as arrays in, numbers out, each with what is to be known of it.

No model of ours is run here. One file is read: the statistics of clean photographs that NIQE needs.
"""

from derain.metrics.clips import worst_frame
from derain.metrics.intervals import Mean, mean_with_interval
from derain.metrics.measure import ClipScores, Motion, measure, measure_clip
from derain.metrics.metric import KINDS, Direction, Kind, Metric, Sample
from derain.metrics.niqe import Pristine, fit_pristine, niqe
from derain.metrics.protocols import PROTOCOLS, Protocol, luma, protocol_named
from derain.metrics.psnr import GAIN, IDENTICAL, INPUT, PSNR, capped_psnr, psnr
from derain.metrics.registry import (
    METRICS,
    metric_of,
    plotted_metric,
    ranking_metric,
    register,
    requested_metrics,
)
from derain.metrics.scorer import Scorer
from derain.metrics.ssim import SSIM, ssim
from derain.metrics.streaks import StreakRemoval, rain_mask, removed_direction, streak_removal
from derain.metrics.touched import changed_fraction
from derain.metrics.views import check_degrees, check_factor, enlarge, turn

__all__ = [
    "GAIN",
    "IDENTICAL",
    "INPUT",
    "KINDS",
    "METRICS",
    "PROTOCOLS",
    "PSNR",
    "SSIM",
    "ClipScores",
    "Direction",
    "Kind",
    "Mean",
    "Metric",
    "Motion",
    "Pristine",
    "Protocol",
    "Sample",
    "Scorer",
    "StreakRemoval",
    "capped_psnr",
    "changed_fraction",
    "check_degrees",
    "check_factor",
    "enlarge",
    "fit_pristine",
    "luma",
    "mean_with_interval",
    "measure",
    "measure_clip",
    "metric_of",
    "niqe",
    "plotted_metric",
    "protocol_named",
    "psnr",
    "rain_mask",
    "ranking_metric",
    "register",
    "removed_direction",
    "requested_metrics",
    "ssim",
    "streak_removal",
    "turn",
    "worst_frame",
]
