"""The parametric rectifier, with slopes per channel or shared."""

from __future__ import annotations

from torch import nn


def make_activation(slopes: str, channels: int) -> nn.PReLU:
    """PReLU with one slope per channel (CODE) or one for all (OURS: fuses into a convolution)."""
    return nn.PReLU(channels if slopes == "channel" else 1)
