"""The interval against scipy's bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from derain.evaluation.report.tables import cell
from derain.metrics import mean_with_interval, metric_of
from derain.metrics.metric import Sample


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


def test_one_value_is_shown_without_an_interval() -> None:
    assert cell("psnr/rgb", mean_with_interval([20.0])) == "20.00"
    assert cell("psnr/rgb", mean_with_interval([20.0, 22.0])) == "21.00 [20.00, 22.00]"


def test_a_score_that_a_picture_has_not() -> None:
    """VIF of a black picture is 0 / 0: it must not take the set's mean with it."""
    vif, black = metric_of("extra/vif"), np.zeros((64, 64, 3), np.uint8)
    assert vif.compute(Sample(black, black, black)) is None
