"""Presets land where the field's sets do: the input PSNR (Y) of Rain100L and Rain100H."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from derain.metrics import psnr
from derain.rain import RainSynthesizer, rain_preset


@pytest.mark.parametrize(("name", "published"), [("light", 26.9), ("heavy", 13.6)])
def test_input_score(name: str, published: float, photos: list[NDArray[np.uint8]]) -> None:
    clean = torch.from_numpy(np.stack(photos * 6)).permute(0, 3, 1, 2) / 255
    sample = RainSynthesizer(rain_preset(name))(clean, torch.Generator().manual_seed(0))
    pairs = zip(
        *((x * 255).round().byte().permute(0, 2, 3, 1).numpy() for x in sample[:2]), strict=True
    )
    assert np.mean([psnr(rainy, dry) for rainy, dry in pairs]) == pytest.approx(published, abs=2)
