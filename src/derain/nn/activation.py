"""The parametric rectifier, with slopes per channel or shared."""

from __future__ import annotations

from torch import nn


def make_activation(slopes: str, channels: int) -> nn.PReLU:
    """PReLU with one slope per channel (CODE) or one for all (OURS: fuses into a convolution)."""
    return nn.PReLU(channels if slopes == "channel" else 1)


def fold_activation(activation: nn.Module) -> nn.Module:
    """A PReLU with one slope as the leaky rectifier it is; others as they are."""
    if isinstance(activation, nn.PReLU) and activation.num_parameters == 1:
        return nn.LeakyReLU(activation.weight.item())
    return activation
