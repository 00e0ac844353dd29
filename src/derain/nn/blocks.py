"""Blocks of the networks: convolutions with what belongs to them, and squeeze-and-excitation.

A block knows how it starts (:meth:`Block.initialise`, :meth:`Block.silence`) and how it is composed
for inference (:meth:`Foldable.fold`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RESIDUAL = 0.2
"""Gain of the last convolution of a residual block at the start: it starts near the identity."""


class Foldable(nn.Module, ABC):
    """A module that inference can have simpler."""

    @abstractmethod
    def fold(self) -> None:
        """Compose what is linear, in place; it is in eval mode."""


class Block(Foldable, ABC):
    """A residual block."""

    @abstractmethod
    def initialise(self) -> None:
        """Initial weights where there is no normalisation (OURS).

        With batch normalisation PyTorch's own do (CODE). Without it they shrink the signal by a
        third in every convolution, and a detail branch, whose aggregations are products of two
        layers, starved next to the rain branch and died.
        """

    @abstractmethod
    def silence(self) -> None:
        """Add nothing, for now: a branch that grows by this block starts as it was."""


def spread(conv: nn.Module, gain: float) -> None:
    """Variance-preserving weights for rectified input (He et al., 2015) times ``gain``, no bias."""
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    fan_in = conv.in_channels * conv.kernel_size[0] * conv.kernel_size[1]
    nn.init.normal_(conv.weight, std=gain * math.sqrt(2 / fan_in))
    nn.init.zeros_(conv.bias)


def zero(layer: nn.Module) -> None:
    """A convolution or a normalisation that gives zeros."""
    assert isinstance(layer, nn.Conv2d | nn.BatchNorm2d) and layer.bias is not None
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)


def make_norm(kind: str, channels: int) -> nn.Module:
    """``"batch"`` gives :class:`torch.nn.BatchNorm2d` (CODE); ``"none"`` the identity (OURS)."""
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


def fold_norm(weight: Tensor, bias: Tensor, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Fold a normalisation in eval mode into the convolution before it.

    ``gamma * (Wx + b - mean) / sqrt(var + eps) + beta = (sW) x + s (b - mean) + beta`` with
    ``s = gamma / sqrt(var + eps)``. Computed in float64.

    Args:
        weight: (out, in, kh, kw).
        bias: (out,).
        norm: BatchNorm2d or Identity.

    Returns:
        Weight and bias in float64.
    """
    weight, bias = weight.detach().double(), bias.detach().double()
    if isinstance(norm, nn.Identity):
        return weight, bias
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    shift = norm.bias.detach().double() - scale * norm.running_mean.double()
    return weight * scale[:, None, None, None], bias * scale + shift


def fold_conv(conv: nn.Module, norm: nn.Module) -> nn.Conv2d:
    """A convolution with the normalisation after it in its weights, in place."""
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    weight, bias = fold_norm(conv.weight, conv.bias, norm)
    conv.weight.data, conv.bias = weight.float(), nn.Parameter(bias.float())
    return conv


def fold_unshuffle(conv: nn.Conv2d, unshuffle: int) -> nn.Conv2d:
    """A convolution of unshuffled pictures as one with stride that reads them as they are.

    As many multiplications, and no transposition, which costs as much as they do on a CPU. Exact.

    Args:
        conv: Of odd kernel k and padding k // 2.
        unshuffle: Side u of the cells whose pixels are its input channels.

    Returns:
        Kernel k u, padding (k // 2) u, stride u.
    """
    u, (k, _) = unshuffle, conv.kernel_size
    assert conv.bias is not None
    out, packed, *_ = conv.weight.shape
    planes = packed // u**2
    kernels = conv.weight.data.reshape(out, planes, u, u, k, k).permute(0, 1, 4, 2, 5, 3)
    folded = nn.Conv2d(planes, out, k * u, stride=u, padding=k // 2 * u)
    folded.weight.data = kernels.reshape(out, planes, k * u, k * u).contiguous()
    folded.bias = conv.bias
    return folded


def make_activation(slopes: str, channels: int) -> nn.PReLU:
    """PReLU with one slope per channel (CODE) or one for all (OURS: fuses into a convolution)."""
    return nn.PReLU(channels if slopes == "channel" else 1)


def fold_activation(activation: nn.Module) -> nn.Module:
    """A PReLU with one slope as the leaky rectifier it is, which engines fuse; others as they
    are."""
    if isinstance(activation, nn.PReLU) and activation.num_parameters == 1:
        return nn.LeakyReLU(activation.weight.item())
    return activation


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gate computed from its mean.

    Source: Hu et al., CVPR 2018; placed as in DRD-Net (CODE: 64->4->64, no bias, ReLU, sigmoid). In
    training mode the mean is global (one gate per patch). In eval mode it is local (OURS, in the
    spirit of TLC, Chu et al., ECCV 2022), so that gates do not depend on how a photo was cut into
    tiles, and a network trained on patches meets the statistics it was trained on: means over cells
    of ``cell`` x ``cell`` pixels on a grid fixed to the image's origin, averaged over 3x3 cells
    (fewer at the border), turned into gates, and interpolated bilinearly back to pixels.

    Args:
        channels: Channels of the input.
        hidden: Width of the bottleneck.
        cell: Side of a pooling cell in pixels.

    Shape:
        (N, C, H, W) -> (N, C, H, W); in eval mode H and W must be multiples of ``cell``.
    """

    def __init__(self, channels: int, hidden: int, cell: int) -> None:
        super().__init__()
        self.cell = cell
        self.squeeze = nn.Conv2d(channels, hidden, 1, bias=False)
        self.excite = nn.Conv2d(hidden, channels, 1, bias=False)

    def gates(self, means: Tensor) -> Tensor:
        """(N, C, h, w) means -> (N, C, h, w) gates in (0, 1)."""
        return torch.sigmoid(self.excite(F.relu(self.squeeze(means))))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return x * self.gates(x.mean(dim=(2, 3), keepdim=True))
        gates = self.gates(local_means(x, self.cell))
        return x * F.interpolate(
            gates, scale_factor=float(self.cell), mode="bilinear", align_corners=False
        )


def local_means(x: Tensor, cell: int) -> Tensor:
    """Means over 3x3 cells, one for each cell: (N, C, H, W) -> (N, C, H / cell, W / cell)."""
    cells = F.avg_pool2d(x, cell)
    return F.avg_pool2d(cells, 3, stride=1, padding=1, count_include_pad=False)
