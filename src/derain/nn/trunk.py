"""The skeleton both branches share: head, residual blocks, long skip, tail."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from derain.nn.activation import make_activation
from derain.nn.config import NetworkConfig
from derain.nn.norm import make_norm


class Trunk(nn.Module):
    """Conv3x3 + PReLU; blocks; Conv3x3 + norm, added to the head's output; Conv3x3 (CODE).

    With ``unshuffle = 2`` the head reads 12 channels after a PixelUnshuffle and the last
    convolution writes 12 before a PixelShuffle (OURS).

    Args:
        config: The network's configuration.
        blocks: How many residual blocks.
        make_block: Builds one block.
        images: How many pictures it reads.

    Shape:
        each picture (N, 3, H, W), features ``before`` as an earlier trunk gave them -> the layer
        (N, 3, H, W) and the features (N, C, H / unshuffle, W / unshuffle).
    """

    def __init__(
        self,
        config: NetworkConfig,
        blocks: int,
        make_block: Callable[[NetworkConfig], nn.Module],
        images: int = 1,
    ) -> None:
        super().__init__()
        c, packed = config.channels, 3 * config.unshuffle**2
        shuffled = config.unshuffle > 1
        self.unshuffle = nn.PixelUnshuffle(config.unshuffle) if shuffled else nn.Identity()
        self.head = nn.Conv2d(images * packed, c, 3, padding=1)
        self.activation: nn.Module = make_activation(config.slopes, c)
        self.blocks = nn.Sequential(*(make_block(config) for _ in range(blocks)))
        self.join: nn.Module = nn.Conv2d(c, c, 3, padding=1)
        self.norm = make_norm(config.norm, c)
        self.tail = nn.Conv2d(c, packed, 3, padding=1)
        self.shuffle = nn.PixelShuffle(config.unshuffle) if shuffled else nn.Identity()

    def forward(self, *pictures: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        head = self.activation(self.head(self.unshuffle(torch.cat(pictures, dim=1))))
        if before is not None:
            head = head + before
        body = head + self.norm(self.join(self.blocks(head)))
        return self.shuffle(self.tail(body)), body
