"""Metrics of torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from derain.errors import UsageError
from derain.metrics import EXTRA, extra_metric


@pytest.mark.parametrize("name", list(EXTRA))
def test_they_are_best_for_equals_and_fall_with_noise(name: str, photo: NDArray[np.uint8]) -> None:
    measure = extra_metric(name)
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    noisy = np.clip(photo + noise, 0, 255).astype(np.uint8)
    assert measure(photo, photo) == pytest.approx(1, abs=1e-3)
    assert measure(noisy, photo) < 0.95


def test_an_unknown_one() -> None:
    with pytest.raises(UsageError, match="vif, uqi, ms-ssim"):
        extra_metric("lpips")
