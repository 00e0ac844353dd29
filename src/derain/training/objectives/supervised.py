"""Pairs with a known truth: the supervised loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from derain.nn import Layers
from derain.training.config import LossConfig
from derain.training.objectives.base import Batch, Objective, Terms

_C1, _C2 = 0.01**2, 0.03**2


def _window(x: Tensor, taps: Tensor) -> Tensor:
    channels, size = x.shape[1], len(taps)
    rows = taps.view(1, 1, size, 1).expand(channels, 1, size, 1)
    columns = taps.view(1, 1, 1, size).expand(channels, 1, 1, size)
    return F.conv2d(F.conv2d(x, rows, groups=channels), columns, groups=channels)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Mean structural similarity, 11x11 Gaussian window (1.5), valid area (Wang et al. 2004).

    Shape:
        two (N, C, H, W) in [0, 1], at least 11x11 -> scalar.
    """
    axis = torch.arange(-5, 6, device=a.device, dtype=a.dtype)
    taps = torch.exp(-0.5 * (axis / 1.5) ** 2)
    taps = taps / taps.sum()
    stacked = torch.cat([a, b, a * a, b * b, a * b])
    ma, mb, aa, bb, ab = _window(stacked, taps).chunk(5)
    va, vb, cov = aa - ma * ma, bb - mb * mb, ab - ma * mb
    numerator = (2 * ma * mb + _C1) * (2 * cov + _C2)
    return (numerator / ((ma * ma + mb * mb + _C1) * (va + vb + _C2))).mean()


def negative_psnr(clean: Tensor, truth: Tensor, best: float = 50.0) -> Tensor:
    """Mean over pictures of 10 log10(MSE + 10^(-best / 10)), in dB.

    Source: the loss of NAFNet's release (Chen et al., ECCV 2022); the floor is OURS. With a high
    one, pictures that are nearly dry have all of the gradient, and faint rain is let be.

    Args:
        best: PSNR in dB that is as good as equal.

    Shape:
        two (N, C, H, W) in [0, 1] -> scalar.
    """
    error = (clean - truth).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(error + 10 ** (-best / 10)).mean()


def frequency_ratio(clean: Tensor, truth: Tensor, rainy: Tensor) -> Tensor:
    """Contrast on complex Fourier coefficients: d(B, B_gt) / (d(B, O) + 1e-7).

    ``d`` is the mean absolute difference of the 2-D FFT's coefficients, for each image. Source:
    the frequency contrast of FADformer (Gao et al., ECCV 2024), which needs no pretrained network.
    A dry pair (O = B_gt) gives the constant 1 and no gradient.

    Shape:
        three (N, C, H, W) in [0, 1] -> scalar.
    """
    spectrum = torch.fft.rfft2(clean, norm="ortho")
    near = (spectrum - torch.fft.rfft2(truth, norm="ortho")).abs().mean(dim=(1, 2, 3))
    far = (spectrum - torch.fft.rfft2(rainy, norm="ortho")).abs().mean(dim=(1, 2, 3))
    ratio: Tensor = (near / (far + 1e-7)).mean()
    return ratio


class Supervised(Objective):
    """``coarse L1(O - R) + clean L1(B) + ssim (1 - SSIM) - psnr PSNR + frequency ratio``.

    The first two are the release's (CODE: 0.1 and 1), the others OURS. In float32. A term of weight
    0 is not computed.
    """

    def __init__(self, weights: LossConfig) -> None:
        self._weights = weights

    def loss(self, batch: Batch, layers: Layers, own: Layers) -> tuple[Tensor, Terms]:
        weights, truth = self._weights, batch.truth
        terms = {
            "coarse": (layers.coarse - truth).abs().mean(),
            "clean": (layers.clean - truth).abs().mean(),
        }
        if weights.ssim:
            terms["ssim"] = 1 - ssim(layers.clean, truth)
        if weights.psnr:
            terms["psnr"] = negative_psnr(layers.clean, truth, weights.psnr_best)
        if weights.frequency:
            terms["frequency"] = frequency_ratio(layers.clean, truth, batch.rainy)
        total = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
        return total, {name: value.detach() for name, value in terms.items()}
