"""A small NAFNet: a plain baseline without the paper's parts, to hold DRDNet against.

Source: "Simple Baselines for Image Restoration" (Chen et al., ECCV 2022): layer normalisation over
channels, depthwise convolution, a gate instead of an activation, simplified channel attention, in a
U of halved resolutions. Sizes and the local attention at inference are OURS.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.errors import ConfigError
from derain.nn.blocks import local_means
from derain.nn.network import Network, NetworkConfig


@dataclass(frozen=True)
class NAFNetConfig(NetworkConfig):
    """Sizes of a NAFNet.

    Attributes:
        channels: At full resolution; twice as many with each halving.
        encoder: Blocks at full resolution, a half, a quarter ...
        middle: Blocks at the bottom.
        decoder: Blocks on the way up, in the same order as ``encoder``.
        cell: Side of an attention cell at inference, in image pixels; a window is 3x3 cells. A
            multiple of what the bottom is smaller by.
    """

    channels: int = 16
    encoder: tuple[int, ...] = (1, 1, 2)
    middle: int = 2
    decoder: tuple[int, ...] = (1, 1, 1)
    cell: int = 48

    def __post_init__(self) -> None:
        super().__post_init__()
        whole = all(type(n) is int and n >= 0 for n in (*self.encoder, *self.decoder, self.middle))
        if not whole or len(self.encoder) != len(self.decoder) or not self.encoder:
            raise ConfigError("network.encoder and decoder must hold as many counts of blocks")
        if type(self.channels) is not int or self.channels < 1:
            raise ConfigError(f"network.channels must be at least 1, not {self.channels!r}")
        if self.cell % self.patch_multiple:
            raise ConfigError(
                f"network.cell must be a multiple of {self.patch_multiple}, not {self.cell}"
            )

    @property
    def parts(self) -> tuple[str, ...]:
        return ("rain",)

    @property
    def patch_multiple(self) -> int:
        return int(2 ** len(self.encoder))

    @property
    def size_multiple(self) -> int:
        return self.cell

    @property
    def window(self) -> int:
        return 3 * self.cell

    @property
    def receptive_radius(self) -> int:
        # Each block has one 3x3; going down or up stays within a cell of the lower resolution.
        levels = range(len(self.encoder))
        blocks = sum((self.encoder[i] + self.decoder[i]) * 2**i for i in levels)
        bottom = self.patch_multiple
        return int(2 + blocks + self.middle * bottom + 2 * (bottom - 1))

    @property
    def bytes_per_pixel(self) -> int:
        return 4 * (6 * self.channels + 4 * 3)


class NAFBlock(nn.Module):
    """Two gated residual steps (C to 2C and back), the first with a depthwise 3x3 and attention.

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, channels: int, cell: int) -> None:
        super().__init__()
        self.cell = cell
        self.norm1, self.norm2 = (nn.GroupNorm(1, channels) for _ in range(2))
        self.widen = nn.Conv2d(channels, 2 * channels, 1)
        self.spatial = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.attention = nn.Conv2d(channels, channels, 1)
        self.narrow = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels, 2 * channels, 1)
        self.join = nn.Conv2d(channels, channels, 1)
        self.scale1, self.scale2 = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.spatial(self.widen(_over_channels(x, self.norm1))).chunk(2, dim=1)
        y = a * b
        x = x + self.narrow(y * self._attend(y)) * self.scale1
        a, b = self.mix(_over_channels(x, self.norm2)).chunk(2, dim=1)
        total: Tensor = x + self.join(a * b) * self.scale2
        return total

    def _attend(self, y: Tensor) -> Tensor:
        if self.training:
            weights: Tensor = self.attention(y.mean(dim=(2, 3), keepdim=True))
            return weights
        return F.interpolate(
            self.attention(local_means(y, self.cell)),
            scale_factor=float(self.cell),
            mode="bilinear",
            align_corners=False,
        )


def _over_channels(x: Tensor, norm: nn.Module) -> Tensor:
    """Layer normalisation over channels alone, pixel by pixel (so that tiles are as wholes)."""
    assert isinstance(norm, nn.GroupNorm)
    mean = x.mean(dim=1, keepdim=True)
    variance = (x - mean).square().mean(dim=1, keepdim=True)
    weight, bias = (p.view(1, -1, 1, 1) for p in (norm.weight, norm.bias))
    return (x - mean) * torch.rsqrt(variance + 1e-6) * weight + bias


class _U(nn.Module):
    """The whole residual network, under the name of its one part."""

    def __init__(self, config: NAFNetConfig) -> None:
        super().__init__()
        c, self.levels = config.channels, len(config.encoder)

        def blocks(count: int, level: int) -> nn.Sequential:
            cell = config.cell // 2**level
            return nn.Sequential(*(NAFBlock(c * 2**level, cell) for _ in range(count)))

        levels = range(self.levels)
        self.head, self.tail = nn.Conv2d(3, c, 3, padding=1), nn.Conv2d(c, 3, 3, padding=1)
        self.encoder = nn.ModuleList(blocks(config.encoder[i], i) for i in levels)
        self.down = nn.ModuleList(nn.Conv2d(c * 2**i, c * 2 ** (i + 1), 2, 2) for i in levels)
        self.middle = blocks(config.middle, self.levels)
        self.up = nn.ModuleList(nn.Conv2d(c * 2 ** (i + 1), c * 2 ** (i + 2), 1) for i in levels)
        self.decoder = nn.ModuleList(blocks(config.decoder[i], i) for i in levels)
        nn.init.zeros_(self.tail.weight)
        assert self.tail.bias is not None
        nn.init.zeros_(self.tail.bias)

    def forward(self, rainy: Tensor) -> Tensor:
        x, kept = self.head(rainy), []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            x = blocks(x)
            kept.append(x)
            x = down(x)
        x = self.middle(x)
        for level in reversed(range(self.levels)):
            x = F.pixel_shuffle(self.up[level](x), 2) + kept[level]
            x = self.decoder[level](x)
        layer: Tensor = self.tail(x)
        return layer


class NAFNet(Network):
    """B = O - R; there is no detail branch."""

    config: NAFNetConfig

    def __init__(self, config: NAFNetConfig) -> None:
        super().__init__()
        self.config = config
        self.rain = _U(config)

    def once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        rain = self.rain(rainy).float()
        return rain, torch.zeros_like(rain)


PRESETS: dict[str, NAFNetConfig] = {"nafnet-small": NAFNetConfig()}
