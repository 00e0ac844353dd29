"""Convolution followed by an optional batch normalisation, and the algebra that folds the two."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
