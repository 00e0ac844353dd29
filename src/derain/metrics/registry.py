"""All metrics. A new one is a file with a :class:`Metric`, and its place in the list below."""

from __future__ import annotations

from collections.abc import Iterable

from derain.errors import UsageError
from derain.metrics.clips import BIAS, FLICKER, FLICKER_TRUTH, PSNR_INNER, SSIM_INNER, WORST
from derain.metrics.extra import MS_SSIM, UQI, VIF
from derain.metrics.metric import Kind, Metric
from derain.metrics.niqe import NIQE
from derain.metrics.psnr import GAIN, INPUT, PSNR
from derain.metrics.ssim import SSIM
from derain.metrics.streaks import INSIDE, OUTSIDE
from derain.metrics.touched import TOUCHED

METRICS: dict[str, Metric] = {}
"""Name -> metric, in the order of the tables' columns."""


def register(metric: Metric) -> Metric:
    """Add a metric; scores, tables, reports, plots, verification and documentation have it then.

    Raises:
        ValueError: Its name is taken.
    """
    if metric.name in METRICS:
        raise ValueError(f"there is a metric called {metric.name}")
    METRICS[metric.name] = metric
    return metric


for _metric in (
    *(PSNR, INPUT, GAIN, SSIM, WORST, PSNR_INNER, SSIM_INNER),
    *(VIF, UQI, MS_SSIM),
    *(INSIDE, OUTSIDE, TOUCHED, NIQE),
    *(BIAS, FLICKER, FLICKER_TRUTH),
):
    register(_metric)


def metric_of(score: str) -> Metric:
    """The metric whose score this is: of ``psnr/rgb`` it is ``psnr``.

    Raises:
        KeyError: No metric has such a score.
    """
    return METRICS[score if score in METRICS else score.rpartition("/")[0]]


def requested_metrics(words: Iterable[str]) -> list[Metric]:
    """Metrics that are computed on request, such as ``vif``; what they need is there.

    Raises:
        UsageError: Unknown, or a library that it needs is not installed.
    """
    known = {metric.word: metric for metric in METRICS.values() if metric.on_request}
    found = []
    for word in words:
        if word not in known:
            raise UsageError(f"unknown extra metric '{word}'; known: {', '.join(known)}")
        known[word].require()
        found.append(known[word])
    return found


def ranking_metric(kind: Kind) -> Metric:
    """What best and worst cases of a kind of set are picked by."""
    return next(metric for metric in METRICS.values() if kind in metric.ranks)


def plotted_metric(kind: Kind) -> Metric:
    """What the plots of a kind of set show."""
    return next(metric for metric in METRICS.values() if kind in metric.plots)
