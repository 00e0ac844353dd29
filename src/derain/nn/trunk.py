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

    With an unshuffle of 2 the head reads 12 channels after a PixelUnshuffle and the last
    convolution writes 12 before a PixelShuffle; with 4 it is 48 (OURS).

    Args:
        config: The network's configuration.
        width: Its channels and its unshuffle.
        blocks: How many residual blocks.
        make_block: Builds one block of so many channels.
        images: How many pictures it reads.

    Shape:
        each picture (N, 3, H, W), features ``before`` as an earlier trunk gave them -> the layer
        (N, 3, H, W) and the features (N, C, H / unshuffle, W / unshuffle).
    """

    def __init__(
        self,
        config: NetworkConfig,
        width: tuple[int, int],
        blocks: int,
        make_block: Callable[[NetworkConfig, int], nn.Module],
        images: int = 1,
    ) -> None:
        super().__init__()
        c, unshuffle = width
        packed = 3 * unshuffle**2
        shuffled = unshuffle > 1
        self.unshuffle = nn.PixelUnshuffle(unshuffle) if shuffled else nn.Identity()
        self.head = nn.Conv2d(images * packed, c, 3, padding=1)
        self.activation: nn.Module = make_activation(config.slopes, c)
        self.blocks = nn.Sequential(*(make_block(config, c) for _ in range(blocks)))
        self.join: nn.Module = nn.Conv2d(c, c, 3, padding=1)
        self.norm = make_norm(config.norm, c)
        self.tail = nn.Conv2d(c, packed, 3, padding=1)
        self.shuffle = nn.PixelShuffle(unshuffle) if shuffled else nn.Identity()

    def forward(self, *pictures: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        head = self.activation(self.head(self.unshuffle(torch.cat(pictures, dim=1))))
        if before is not None:
            head = head + before
        body = head + self.norm(self.join(self.blocks(head)))
        return self.shuffle(self.tail(body)), body
