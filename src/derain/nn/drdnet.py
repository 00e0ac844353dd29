"""DRDNet: the rain residual network and the detail repair network, added up.

Source: Semi-DRDNet (PAPER); layer sizes from the authors' DRD-Net release (CODE).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.errors import ConfigError
from derain.nn.blocks import (
    RESIDUAL,
    Block,
    Foldable,
    SqueezeExcitation,
    fold_activation,
    fold_conv,
    fold_unshuffle,
    make_activation,
    make_norm,
    spread,
    zero,
)
from derain.nn.context_aggregation import SDCAB
from derain.nn.drdnet_config import DRDNetConfig
from derain.nn.network import Network


class RainBlock(Block):
    """Conv3x3 - norm - PReLU - Conv3x3 - norm - SE - add (CODE).

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, config: DRDNetConfig) -> None:
        super().__init__()
        c = config.channels
        self.first: nn.Module = nn.Conv2d(c, c, 3, padding=1)
        self.norm1 = make_norm(config.norm, c)
        self.activation: nn.Module = make_activation(config.slopes, c)
        self.second: nn.Module = nn.Conv2d(c, c, 3, padding=1)
        self.norm2 = make_norm(config.norm, c)
        self.attention = SqueezeExcitation(c, config.squeeze, config.pool_cell)

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.norm1(self.first(x)))
        y = self.attention(self.norm2(self.second(y)))
        total: Tensor = x + y
        return total

    def initialise(self) -> None:
        spread(self.first, 1.0)
        spread(self.second, RESIDUAL)

    def silence(self) -> None:
        zero(self.norm2 if isinstance(self.norm2, nn.BatchNorm2d) else self.second)

    def fold(self) -> None:
        self.first, self.norm1 = fold_conv(self.first, self.norm1), nn.Identity()
        self.second, self.norm2 = fold_conv(self.second, self.norm2), nn.Identity()
        self.activation = fold_activation(self.activation)


class Trunk(Foldable):
    """The skeleton both branches share: head, residual blocks, long skip, tail.

    Conv3x3 + PReLU; blocks; Conv3x3 + norm, added to the head's output; Conv3x3 (CODE). With an
    unshuffle of 2 the head reads 12 channels after a PixelUnshuffle and the last convolution writes
    12 before a PixelShuffle; with 4 it is 48 (OURS).

    Args:
        config: The network's configuration.
        width: Its channels and its unshuffle.
        blocks: How many residual blocks.
        make_block: Builds one.
        images: How many pictures it reads.

    Shape:
        each picture (N, 3, H, W), features ``before`` as an earlier trunk gave them -> the layer
        (N, 3, H, W) and the features (N, C, H / unshuffle, W / unshuffle).
    """

    def __init__(
        self,
        config: DRDNetConfig,
        width: tuple[int, int],
        blocks: int,
        make_block: Callable[[], Block],
        images: int = 1,
    ) -> None:
        super().__init__()
        c, unshuffle = width
        packed = 3 * unshuffle**2
        shuffled = unshuffle > 1
        self.unshuffle: nn.Module = nn.PixelUnshuffle(unshuffle) if shuffled else nn.Identity()
        self.head = nn.Conv2d(images * packed, c, 3, padding=1)
        self.activation: nn.Module = make_activation(config.slopes, c)
        self.blocks = nn.Sequential(*(make_block() for _ in range(blocks)))
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

    def initialise(self) -> None:
        """Initial weights without normalisation: the tail is zero, so that nothing changes yet."""
        spread(self.head, 1.0)
        spread(self.join, RESIDUAL)
        zero(self.tail)
        for block in self.blocks:
            assert isinstance(block, Block)
            block.initialise()

    def grow(self, source: Mapping[str, Tensor]) -> None:
        """Take over a shallower branch's weights, in place; blocks it does not have add nothing.

        Raises:
            RuntimeError: ``source`` is not the state of a branch of this form.
        """
        missing, unknown = self.load_state_dict(source, strict=False)
        depth = len({name.split(".")[1] for name in source if name.startswith("blocks.")})
        new = tuple(f"blocks.{i}." for i in range(depth, len(self.blocks)))
        if unknown or not all(name.startswith(new) for name in missing):
            raise RuntimeError(f"not a branch of this form ({[*unknown, *missing][0]})")
        for block in list(self.blocks)[depth:]:
            assert isinstance(block, Block)
            block.silence()

    def fold(self) -> None:
        if isinstance(self.unshuffle, nn.PixelUnshuffle):
            self.head = fold_unshuffle(self.head, self.unshuffle.downscale_factor)
            self.unshuffle = nn.Identity()
        self.join, self.norm = fold_conv(self.join, self.norm), nn.Identity()
        self.activation = fold_activation(self.activation)


class RainResidualNet(Trunk):
    """Predicts the rain layer R of a rainy image O; the coarse background is O - R.

    "Remove streaks without remnants" (PAPER).

    Shape:
        (N, 3, H, W) in [0, 1] -> R (N, 3, H, W), signed, in units of the image, and the body's
        features.
    """

    def __init__(self, config: DRDNetConfig) -> None:
        super().__init__(config, config.rain, config.rain_blocks, lambda: RainBlock(config))


class Context(nn.Module):
    """The detail branch's features, handed to a rain branch of finer resolution (OURS).

    Shape:
        (N, detail channels, h, w) -> (N, channels, f h, f w).
    """

    def __init__(self, config: DRDNetConfig) -> None:
        super().__init__()
        (fine, unshuffle), (low, packed) = config.rain, config.detail
        self.factor = packed / unshuffle
        self.carry = nn.Conv2d(low, fine, 1)

    def forward(self, features: Tensor) -> Tensor:
        carried: Tensor = self.carry(features)
        if self.factor == 1:
            return carried
        return F.interpolate(
            carried, scale_factor=self.factor, mode="bilinear", align_corners=False
        )


class DetailRepairNet(Trunk):
    """Predicts the details D that the first stage took away: "let the lost details return" (PAPER).

    It reads the rainy image alone (CODE; one older release fed 2O - R, which third parties measured
    as worse), or, by ``config.detail_input``, the coarse picture, both, or the rainy image and the
    features that the rain branch's body ends with (OURS). Where it goes first, its features are
    those that the rain branch takes as ``before``.

    Shape:
        rainy and coarse, each (N, 3, H, W) in [0, 1], and the rain branch's features -> the layer
        (N, 3, H, W), signed, in units of the image, and features.
    """

    def __init__(self, config: DRDNetConfig) -> None:
        self.reads, self.mean = config.detail_input, config.detail_mean
        channels, _ = config.detail
        super().__init__(
            config,
            config.detail,
            config.detail_blocks,
            lambda: SDCAB(channels, config.dilations, config.norm, config.slopes),
            images=2 if self.reads == "both" else 1,
        )
        self.context = Context(config) if config.first == "detail" else None

    def forward(self, *pictures: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        rainy, coarse = pictures
        read = {"coarse": (coarse,), "both": (rainy, coarse)}.get(self.reads, (rainy,))
        layer, body = super().forward(
            *(picture - self.mean for picture in read),
            before=before if self.reads == "features" else None,
        )
        return layer, body if self.context is None else self.context(body)

    def initialise(self) -> None:
        super().initialise()
        if self.context is not None:
            # A rain branch that was taken over is what it was until there is something to tell it.
            zero(self.context.carry)


class DRDNet(Network):
    """B = O - R + D (PAPER; layer sizes CODE: 5,221,766 parameters in preset ``paper``)."""

    config: DRDNetConfig

    def __init__(self, config: DRDNetConfig) -> None:
        super().__init__()
        self.config = config
        self.needs_coarse = not config.rain_blocks
        self.rain = RainResidualNet(config) if config.rain_blocks else None
        self.detail = DetailRepairNet(config) if config.detail_blocks else None
        if config.norm == "none":
            for branch in (self.rain, self.detail):
                if branch is not None:
                    branch.initialise()

    def once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if self.config.first == "detail":
            assert self.rain is not None and self.detail is not None
            detail, context = self.detail(rainy, rainy)
            layer, _ = self.rain(rainy, before=context)
            return layer.float(), detail.float()
        features = None
        if coarse is None:
            assert self.rain is not None
            layer, features = self.rain(rainy)
            rain = layer.float()
        else:
            rain = rainy.float() - coarse.float()
        if self.detail is None:
            return rain, torch.zeros_like(rain)
        detail, _ = self.detail(rainy, rainy.float() - rain, before=features)
        return rain, detail.float()

    def take_over(self, source: Network, part: str) -> None:
        """A branch may be deeper than what it starts from, and what is not its own may differ."""
        if not isinstance(source, DRDNet):
            raise ConfigError("holds a network of another architecture")
        here, there = (getattr(n.config, f"{part}_blocks") for n in (self, source))
        if not here and not there:
            return  # neither has it
        if not here or not there:
            where = "this run's network" if there else "it"
            raise ConfigError(
                f"{where} has no {part} branch; name the other one alone in init_branches"
            )
        free: tuple[str, ...] = ("rain_blocks", "detail_blocks", "mirrors", "pool_window")
        if part == "rain":
            free += ("detail_", "first")
        ours, theirs = (
            {k: v for k, v in n.config.to_dict().items() if not k.startswith(free)}
            for n in (self, source)
        )
        if ours != theirs or here < there:
            raise ConfigError("holds another network than this run trains")
        target = self.part(part)
        assert isinstance(target, Trunk)
        target.grow(source.part(part).state_dict())

    def thinned(self, part: str, keep: Sequence[int]) -> DRDNet:
        """What a residual block adds is small, so that a chain bears the loss of some of them."""
        has = getattr(self.config, f"{part}_blocks", 0)
        if list(keep) != sorted(set(keep)) or not keep or not 0 <= keep[0] <= keep[-1] < has:
            raise ConfigError(
                f"its {part} branch has {has} blocks, from 0, to choose from in rising order, "
                f"not {list(keep)}"
            )
        thinner = copy.deepcopy(self)
        trunk = thinner.part(part)
        assert isinstance(trunk, Trunk)
        trunk.blocks = nn.Sequential(*(trunk.blocks[index] for index in keep))
        thinner.config = DRDNetConfig.from_dict(
            {**self.config.to_dict(), f"{part}_blocks": len(keep)}
        )
        return thinner
