"""Fold normalisations and fusing 1x1 convolutions away, for inference and export."""

from __future__ import annotations

import copy

from torch import nn

from derain.nn.activation import fold_activation
from derain.nn.context_aggregation import SDCAB, ContextAggregation, FoldedAggregation
from derain.nn.drdnet import DRDNet
from derain.nn.norm import fold_norm
from derain.nn.rain_residual import RainBlock
from derain.nn.trunk import Trunk


def _fold_conv(conv: nn.Module, norm: nn.Module) -> nn.Conv2d:
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    weight, bias = fold_norm(conv.weight, conv.bias, norm)
    folded = copy.deepcopy(conv)
    folded.weight.data, folded.bias = weight.float(), nn.Parameter(bias.float())
    return folded


def fold(network: DRDNet) -> DRDNet:
    """A copy in eval mode without batch normalisations and fusing 1x1 convolutions.

    Activations with one slope become leaky rectifiers, which engines fuse into the convolution.
    Exact: outputs differ from the network's own in eval mode by at most 1e-5 in float32.
    """
    folded = copy.deepcopy(network).eval()
    for module in list(folded.modules()):
        if isinstance(module, RainBlock | SDCAB | Trunk):
            module.activation = fold_activation(module.activation)
        if isinstance(module, RainBlock):
            module.first, module.norm1 = _fold_conv(module.first, module.norm1), nn.Identity()
            module.second, module.norm2 = _fold_conv(module.second, module.norm2), nn.Identity()
        elif isinstance(module, SDCAB):
            assert isinstance(module.first, ContextAggregation)
            assert isinstance(module.second, ContextAggregation)
            module.first = FoldedAggregation(module.first, module.norm1)
            module.second = FoldedAggregation(module.second, module.norm2)
            module.norm1, module.norm2 = nn.Identity(), nn.Identity()
        elif isinstance(module, Trunk):
            module.join, module.norm = _fold_conv(module.join, module.norm), nn.Identity()
    return folded.eval()
