"""PSNR and SSIM against scikit-image and against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from derain.evaluation import luma, psnr, ssim

Pixels = NDArray[np.uint8]


@pytest.fixture
def noisy(photo: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 12, photo.shape)
    return np.clip(photo + noise, 0, 255).round().astype(np.uint8)


def test_luma_is_matlabs(photo: Pixels) -> None:
    np.testing.assert_allclose(luma(photo), rgb2ycbcr(photo)[..., 0], atol=1e-9)
    assert luma(np.full((1, 1, 3), 255, np.uint8)).item() == pytest.approx(235, abs=0.01)
    assert luma(np.zeros((1, 1, 3), np.uint8)).item() == 16


def test_psnr_against_scikit_image(photo: Pixels, noisy: Pixels) -> None:
    assert psnr(noisy, photo, "rgb") == pytest.approx(
        peak_signal_noise_ratio(photo, noisy, data_range=255), abs=1e-9
    )
    y = [rgb2ycbcr(p)[..., 0] for p in (photo, noisy)]
    assert psnr(noisy, photo, "matlab-y") == pytest.approx(
        peak_signal_noise_ratio(*y, data_range=255), abs=1e-9
    )


def test_ssim_against_scikit_image(photo: Pixels, noisy: Pixels) -> None:
    y = [rgb2ycbcr(p)[..., 0] for p in (photo, noisy)]
    _, full = structural_similarity(
        *y, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    assert ssim(noisy, photo, "matlab-y") == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-6)


def test_by_hand() -> None:
    a, b = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 10, np.uint8)
    assert psnr(a, b, "rgb") == pytest.approx(10 * math.log10(255**2 / 100))
    # Grey: 10 levels of RGB are 10 * 219 / 255 levels of luma, 1.322 dB.
    assert psnr(a, b, "matlab-y") - psnr(a, b, "rgb") == pytest.approx(
        20 * math.log10(255 / 219), abs=1e-3
    )
    assert 20 * math.log10(255 / 219) == pytest.approx(1.322, abs=5e-4)
    assert psnr(a, a) == math.inf
    assert ssim(a, a) == pytest.approx(1)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b, "rgb") == pytest.approx(c1 / (100 + c1))


def test_misuse_is_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="shape"):
        psnr(photo, photo[1:])
    with pytest.raises(ValueError, match="8-bit"):
        psnr(photo / 255, photo / 255)
    with pytest.raises(ValueError, match="protocol"):
        psnr(photo, photo, "y")
    with pytest.raises(ValueError, match="11x11"):
        ssim(photo[:8], photo[:8])
