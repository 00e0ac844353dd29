"""Loss terms against NumPy and scikit-image, and where they must not blow up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import peak_signal_noise_ratio

from derain.nn import Layers
from derain.training.config import LossConfig
from derain.training.objectives import Batch, Supervised
from derain.training.objectives.supervised import frequency_ratio, negative_psnr, ssim

NONE = Layers(*(torch.zeros(0, 3, 16, 16),) * 4)


def test_ssim_against_scikit_image() -> None:
    rng = np.random.default_rng(0)
    a = rng.random((40, 50)).astype(np.float32)
    b = np.clip(a + rng.normal(0, 0.1, a.shape), 0, 1).astype(np.float32)
    _, full = structural_similarity(
        a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    got = ssim(*(torch.from_numpy(x)[None, None] for x in (a, b)))
    assert got.item() == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-4)


def test_frequency_ratio_against_numpy() -> None:
    rng = np.random.default_rng(0)
    clean, truth, rainy = (rng.random((2, 3, 16, 16)) for _ in range(3))

    def distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.abs(np.fft.rfft2(x, norm="ortho") - np.fft.rfft2(y, norm="ortho")).mean((1, 2, 3))

    expected = (distance(clean, truth) / (distance(clean, rainy) + 1e-7)).mean()
    got = frequency_ratio(*(torch.from_numpy(x) for x in (clean, truth, rainy)))
    assert got.item() == pytest.approx(expected)


def test_weights_and_terms() -> None:
    rainy, truth, rain, detail = (torch.rand(1, 3, 16, 16) for _ in range(4))
    layers = Layers(rain, rainy - rain, detail, rainy - rain + detail)
    total, terms = Supervised(LossConfig(0.1, 1, 0, 0)).loss(Batch(0, rainy, truth), layers, NONE)
    assert set(terms) == {"coarse", "clean"}
    expected = 0.1 * (rainy - rain - truth).abs().mean() + (layers.clean - truth).abs().mean()
    torch.testing.assert_close(total, expected)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_flat_and_dry_pictures_are_finite(value: float) -> None:
    """Black, grey and white, with nothing to remove: finite loss and finite gradients."""
    image = torch.full((2, 3, 24, 24), value)
    rain = torch.zeros_like(image, requires_grad=True)
    layers = Layers(rain, image - rain, rain * 0, image - rain)
    total, _ = Supervised(LossConfig()).loss(Batch(0, image, image), layers, NONE)
    total.backward()
    assert torch.isfinite(total)
    assert torch.isfinite(rain.grad).all()


def test_psnr_is_torchmetrics_and_has_a_best() -> None:
    truth = torch.rand(3, 3, 24, 24)
    clean = truth + 0.05 * torch.randn_like(truth)
    theirs = peak_signal_noise_ratio(clean, truth, data_range=1.0, dim=(1, 2, 3))
    torch.testing.assert_close(negative_psnr(clean, truth, 90), -theirs, atol=1e-3, rtol=0)
    torch.testing.assert_close(negative_psnr(truth, truth, 42), torch.tensor(-42.0))
