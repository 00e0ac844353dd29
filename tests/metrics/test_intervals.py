"""The interval against scipy's bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from derain.metrics import mean_with_interval


def test_against_scipy() -> None:
    values = np.random.default_rng(3).normal(28, 3, 60)
    ours = mean_with_interval(values.tolist())
    theirs = bootstrap((values,), np.mean, method="percentile", random_state=1).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.1)
    assert ours.high == pytest.approx(theirs.high, abs=0.1)
    assert ours.n == 60
    assert ours == mean_with_interval(values.tolist())


def test_one_value_and_none() -> None:
    assert mean_with_interval([5.0]) == (5, 5, 5, 1)
    with pytest.raises(ValueError, match="no values"):
        mean_with_interval([])
