"""Initial weights of networks without normalisation (OURS).

With batch normalisation PyTorch's own initial weights do (CODE). Without it they shrink the signal
by a third in every convolution, and the detail branch, whose aggregations are products of two
layers, starved next to the rain branch and died (research/journal/weights.md shows the run).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor, nn

from derain.nn.context_aggregation import SDCAB, ContextAggregation
from derain.nn.detail_repair import Context
from derain.nn.rain_residual import RainBlock
from derain.nn.trunk import Trunk

_RESIDUAL = 0.2


def initialise_without_norm(network: nn.Module) -> None:
    """Keep the signal's variance through convolutions and aggregations, in place.

    The second convolution of each residual block is damped, so that a block starts near the
    identity; the tails are zero, so that training starts from "nothing changes".
    """
    for module in network.modules():
        if isinstance(module, RainBlock | SDCAB):
            _spread(module.first, 1.0)
            _spread(module.second, _RESIDUAL)
        elif isinstance(module, Trunk):
            _spread(module.head, 1.0)
            _spread(module.join, _RESIDUAL)
            _spread(module.tail, 0.0)
        elif isinstance(module, Context):
            _spread(module.carry, _RESIDUAL)


def grow(branch: Trunk, source: Mapping[str, Tensor]) -> None:
    """Take over a shallower branch's weights, in place; blocks it does not have change nothing.

    What a new block adds is zero, by its last normalisation where it has one and by its last
    convolution otherwise, so that the deeper branch starts as the shallower one.

    Raises:
        RuntimeError: ``source`` is not the state of a branch of this form.
    """
    missing, unknown = branch.load_state_dict(source, strict=False)
    depth = len({name.split(".")[1] for name in source if name.startswith("blocks.")})
    new = tuple(f"blocks.{i}." for i in range(depth, len(branch.blocks)))
    if unknown or not all(name.startswith(new) for name in missing):
        raise RuntimeError(f"not a branch of this form ({[*unknown, *missing][0]})")
    for block in list(branch.blocks)[depth:]:
        assert isinstance(block, RainBlock | SDCAB)
        last = block.second.fuse if isinstance(block.second, ContextAggregation) else block.second
        if isinstance(block.norm2, nn.BatchNorm2d):
            last = block.norm2
        assert isinstance(last, nn.Conv2d | nn.BatchNorm2d) and last.bias is not None
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)


def _spread(layer: nn.Module, gain: float) -> None:
    """Variance-preserving weights for rectified input (He et al., 2015) times ``gain``, no bias."""
    if isinstance(layer, ContextAggregation):
        for branch in layer.branches:
            _spread(branch, 1.0)
        nn.init.normal_(layer.fuse.weight, std=gain / math.sqrt(layer.fuse.in_channels))
        assert layer.fuse.bias is not None
        nn.init.zeros_(layer.fuse.bias)
        return
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    fan_in = layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]
    nn.init.normal_(layer.weight, std=gain * math.sqrt(2 / fan_in))
    nn.init.zeros_(layer.bias)
