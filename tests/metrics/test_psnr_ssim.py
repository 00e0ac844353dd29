"""PSNR and SSIM against scikit-image and against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from derain.errors import UsageError
from derain.metrics import PROTOCOLS, luma, psnr, ssim

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


@pytest.mark.parametrize("size", [(300, 451), (31, 45)])
def test_the_identity_of_the_two_lumas(photo: Pixels, noisy: Pixels, size: tuple[int, int]) -> None:
    a, b = (p[: size[0], : size[1]] for p in (photo, noisy))
    offset = 20 * math.log10(255 / 219)
    assert psnr(a, b, "matlab-y") - psnr(a, b, "full-y") == pytest.approx(offset, abs=1e-9)
    grey = np.array([0.299, 0.587, 0.114])
    assert psnr(a, b, "full-y") == pytest.approx(
        peak_signal_noise_ratio(a @ grey, b @ grey, data_range=255), abs=1e-9
    )


@pytest.mark.parametrize(
    ("side", "factor"), [(200, 1), (383, 1), (384, 2), (639, 2), (640, 3), (900, 4), (1152, 5)]
)
def test_the_ssim_that_shrinks_first(photo: Pixels, noisy: Pixels, side: int, factor: int) -> None:
    """Against scipy's box filter with Matlab's origin, then scikit-image.

    The factor is max(1, round(side / 256)) of the authors' ssim.m, and Matlab rounds halves up.
    """
    times = -(-(side + 9) // min(photo.shape[:2]))
    a, b = (np.tile(p, (times, times, 1))[:side, : side + 9] for p in (photo, noisy))
    before = (factor + 1) // 2 - 1
    planes = [
        uniform_filter(luma(p), factor, mode="reflect", origin=before - factor // 2)[
            ::factor, ::factor
        ]
        for p in (a, b)
    ]
    _, full = structural_similarity(
        *planes, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        full=True,
    )  # fmt: skip
    assert ssim(a, b, "did-y") == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-6)
    same = ssim(a, b, "did-y") == pytest.approx(ssim(a, b, "matlab-y"), abs=1e-9)
    assert same == (factor == 1)


def test_every_protocol_says_what_it_is() -> None:
    for name, protocol in PROTOCOLS.items():
        assert protocol.name == name
        assert all((protocol.formula, protocol.source, protocol.reads))


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
    with pytest.raises(UsageError, match="rgb, matlab-y, full-y, did-y"):
        psnr(photo, photo, "y")
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        psnr(photo[..., :1], photo[..., :1])
    with pytest.raises(ValueError, match="11x11"):
        ssim(photo[:8], photo[:8])
