"""How sure a mean over pictures is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_DRAWS = 2000


class Mean(NamedTuple):
    """A mean over ``n`` pictures with its bootstrap 95% interval."""

    value: float
    low: float
    high: float
    n: int


def mean_with_interval(values: Sequence[float]) -> Mean:
    """Mean, and the 2.5 and 97.5 percentiles of the means of 2000 resamples (Efron, 1979).

    Seeded, so that one input gives one answer. The interval is about other pictures of the same
    kind; it says nothing of other kinds.

    Raises:
        ValueError: No values.
    """
    if not len(values):
        raise ValueError("the mean of no values")
    data = np.asarray(values, np.float64)
    draws = np.random.default_rng(0).integers(0, len(data), (_DRAWS, len(data)))
    low, high = np.percentile(data[draws].mean(axis=1), [2.5, 97.5])
    return Mean(float(data.mean()), float(low), float(high), len(data))
