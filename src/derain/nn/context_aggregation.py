"""The structure-detail context aggregation block (SDCAB) of the detail repair network.

Source: Semi-DRDNet, detail repair network (PAPER); the form below is read from the authors'
DRD-Net release (CODE): three 3x3 convolutions with dilations 1, 3, 5 side by side, concatenated
and fused by a 1x1 convolution, with no activation in between.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.nn.blocks import (
    RESIDUAL,
    Block,
    fold_activation,
    fold_norm,
    make_activation,
    make_norm,
    spread,
    zero,
)


class ContextAggregation(nn.Module):
    """Parallel dilated 3x3 convolutions, concatenated and fused by a 1x1.

    The aggregation is linear, so ``fuse(concat_d(K_d * x)) = sum_d (F_d K_d) * x`` with ``F_d`` the
    slice of the 1x1 that reads branch d. The forward pass uses the right-hand side, which is exact
    and never builds the concatenated tensor; the parameters are those of the left-hand side.

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, channels: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.dilations = dilations
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=d, dilation=d) for d in dilations
        )
        self.fuse = nn.Conv2d(channels * len(dilations), channels, 1)

    def initialise(self, gain: float) -> None:
        """Keep the signal's variance, times ``gain``: a product of two layers loses it twice."""
        for branch in self.branches:
            spread(branch, 1.0)
        nn.init.normal_(self.fuse.weight, std=gain / math.sqrt(self.fuse.in_channels))
        assert self.fuse.bias is not None
        nn.init.zeros_(self.fuse.bias)

    def composed(self) -> tuple[list[Tensor], Tensor]:
        """The dilated kernels with the 1x1 folded in, each (C, C, 3, 3), and the bias (C,)."""
        slices = self.fuse.weight[:, :, 0, 0].chunk(len(self.dilations), dim=1)
        assert self.fuse.bias is not None
        kernels, bias = [], self.fuse.bias
        for part, branch in zip(slices, self.branches, strict=True):
            assert isinstance(branch, nn.Conv2d) and branch.bias is not None
            kernels.append((part @ branch.weight.flatten(1)).view_as(branch.weight))
            bias = bias + part @ branch.bias
        return kernels, bias

    def forward(self, x: Tensor) -> Tensor:
        kernels, bias = self.composed()
        total = None
        for kernel, d in zip(kernels, self.dilations, strict=True):
            y = F.conv2d(x, kernel, None if total is not None else bias, padding=d, dilation=d)
            total = y if total is None else total + y
        assert total is not None
        return total


class FoldedAggregation(nn.Module):
    """A :class:`ContextAggregation` and the normalisation after it as a sum of dilated kernels.

    For inference and export: exact (maximal difference 1e-5 in float32), composed in float64.

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, source: ContextAggregation, norm: nn.Module) -> None:
        super().__init__()
        double = ContextAggregation(source.fuse.out_channels, source.dilations).double()
        double.load_state_dict(source.state_dict())
        kernels, bias = double.composed()
        self.convs = nn.ModuleList()
        for index, (kernel, d) in enumerate(zip(kernels, source.dilations, strict=True)):
            first = index == 0
            offset = bias if first else torch.zeros_like(bias)
            weight, offset = fold_norm(kernel, offset, norm)
            conv = nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=d, dilation=d, bias=first)
            conv.weight.data = weight.float()
            if first:
                conv.bias = nn.Parameter(offset.float())
            self.convs.append(conv)

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.convs[0](x)
        for conv in self.convs[1:]:
            total = total + conv(x)
        return total


class SDCAB(Block):
    """Residual block: aggregation - norm - PReLU - aggregation - norm - add (CODE).

    Args:
        channels: Of the features.
        dilations: Of each aggregation.
        norm: ``"batch"`` or ``"none"``.
        slopes: ``"channel"`` or ``"shared"``.

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, channels: int, dilations: tuple[int, ...], norm: str, slopes: str) -> None:
        super().__init__()
        self.first: nn.Module = ContextAggregation(channels, dilations)
        self.norm1 = make_norm(norm, channels)
        self.activation: nn.Module = make_activation(slopes, channels)
        self.second: nn.Module = ContextAggregation(channels, dilations)
        self.norm2 = make_norm(norm, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.norm1(self.first(x)))
        y = self.norm2(self.second(y))
        total: Tensor = x + y
        return total

    def initialise(self) -> None:
        first, second = self._aggregations()
        first.initialise(1.0)
        second.initialise(RESIDUAL)

    def silence(self) -> None:
        last = (
            self.norm2 if isinstance(self.norm2, nn.BatchNorm2d) else self._aggregations()[1].fuse
        )
        zero(last)

    def fold(self) -> None:
        first, second = self._aggregations()
        self.first, self.norm1 = FoldedAggregation(first, self.norm1), nn.Identity()
        self.second, self.norm2 = FoldedAggregation(second, self.norm2), nn.Identity()
        self.activation = fold_activation(self.activation)

    def _aggregations(self) -> tuple[ContextAggregation, ContextAggregation]:
        assert isinstance(self.first, ContextAggregation)
        assert isinstance(self.second, ContextAggregation)
        return self.first, self.second
