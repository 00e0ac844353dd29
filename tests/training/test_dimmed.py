"""Faint rain in a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from derain.training.batches import step_generator
from derain.training.dimmed import FAINTEST, dimmed

CPU = torch.device("cpu")


def test_rain_is_dimmed_and_backgrounds_stay() -> None:
    """Of each picture the rain is what it was times one factor, against NumPy."""
    generator = np.random.default_rng(0)
    clean = (generator.integers(0, 120, (400, 3, 8, 8)) / 255).astype(np.float32)
    layer = (generator.integers(50, 130, (400, 1, 8, 8)) / 255).astype(np.float32)
    rainy = clean + layer
    result = dimmed(
        torch.tensor(rainy), torch.tensor(clean), 0.5, step_generator(0, 0, "dimmed/0", CPU)
    ).numpy()
    assert np.abs(result * 255 - np.round(result * 255)).max() < 1e-3
    factor = ((result - clean) / layer).mean(axis=(1, 2, 3))
    rest = np.abs(result - clean - factor[:, None, None, None] * layer)
    assert rest.max() <= 1 / 255  # rounding, of the picture and of the factor
    assert ((factor > FAINTEST - 0.01) & (factor < 1.001)).all()
    touched = factor < 0.999
    assert touched.mean() == pytest.approx(0.5, abs=0.08)
    # Log-uniform: as many below the geometric middle as above.
    assert (factor[touched] < FAINTEST**0.5).mean() == pytest.approx(0.5, abs=0.12)


def test_none_is_none() -> None:
    rainy, clean = torch.rand(2, 4, 3, 8, 8)
    assert torch.equal(dimmed(rainy, clean, 0.0, step_generator(0, 0, "d", CPU)), rainy)
