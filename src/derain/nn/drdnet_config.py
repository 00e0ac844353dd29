"""The sizes of DRDNet, and the presets that ship."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from derain.errors import ConfigError
from derain.nn.network import NetworkConfig
from derain.nn.reach import receptive_radius


@dataclass(frozen=True)
class DRDNetConfig(NetworkConfig):
    """Everything that decides a DRDNet's arithmetic.

    Attributes:
        channels: Feature channels of both branches. CODE: 64.
        rain_blocks: Residual squeeze-and-excitation blocks of the rain branch. CODE: 16; 0 leaves
            it out: the detail branch then stands behind another derainer.
        detail_blocks: SDCAB residual blocks of the detail branch. CODE: 16; 0 leaves it out.
        detail_input: What the detail branch reads: the ``"rainy"`` picture O (CODE), the
            ``"coarse"`` one O - R, ``"both"``, or O and the rain branch's ``"features"`` (OURS).
        dilations: Dilations of the parallel 3x3 kernels of a context aggregation. CODE: (1, 3, 5).
        detail_channels: Feature channels of the detail branch, 0 for ``channels``.
        unshuffle: 1 works at full resolution (PAPER); 2 packs each 2x2 pixels into channels first
            (PixelUnshuffle stem, PixelShuffle tails): the same body at a quarter of the cost
            (OURS).
        detail_unshuffle: The same for the detail branch, 1, 2, 4 or 8; 0 for ``unshuffle``. At 4 it
            sees twice as far for a quarter of the arithmetic (OURS).
        first: Which branch goes first: ``"rain"`` (PAPER), or ``"detail"``, which then reads the
            rainy picture alone and hands its features to the rain branch as context (OURS).
        detail_mean: Subtracted from what the detail branch reads; 0 in CODE. Without normalisation
            values about 0.45 give features of one sign, and the branch dies (OURS, as EDSR does).
        norm: ``"batch"`` (CODE) or ``"none"`` (OURS).
        squeeze: Hidden width of the squeeze-and-excitation bottleneck. CODE: 4.
        slopes: PReLU slopes ``"channel"`` (CODE) or one ``"shared"`` slope per activation, which
            inference engines fuse into the convolution (OURS).
        pool_window: Side of the squeeze-and-excitation window at inference, in feature pixels; a
            multiple of 3. Training pools over the whole patch (CODE), so this should be near the
            patch's side (OURS, after TLC).
    """

    channels: int = 64
    rain_blocks: int = 16
    detail_blocks: int = 16
    detail_input: Literal["rainy", "coarse", "both", "features"] = "rainy"
    detail_channels: int = 0
    dilations: tuple[int, ...] = (1, 3, 5)
    unshuffle: Literal[1, 2] = 1
    detail_unshuffle: Literal[0, 1, 2, 4, 8] = 0
    first: Literal["rain", "detail"] = "rain"
    detail_mean: float = 0.0
    norm: Literal["batch", "none"] = "batch"
    squeeze: int = 4
    slopes: Literal["channel", "shared"] = "channel"
    pool_window: int = 96

    def __post_init__(self) -> None:
        super().__post_init__()
        lowest = {"channels": 1, "rain_blocks": 0, "detail_blocks": 0, "squeeze": 1}
        lowest |= {"detail_channels": 0}
        for name, low in lowest.items():
            value = getattr(self, name)
            if type(value) is not int or value < low:
                raise ConfigError(
                    f"network.{name} must be a whole number, at least {low}, not {value!r}"
                )
        if not self.rain_blocks and not self.detail_blocks:
            raise ConfigError("network: has neither a rain branch nor a detail branch")
        if self.detail_input == "features" and not self.rain_blocks:
            raise ConfigError("network.detail_input = 'features' needs a rain branch")
        whole = all(type(d) is int and d >= 1 for d in self.dilations)
        if not self.dilations or not whole:
            raise ConfigError(f"network.dilations must be positive, not {self.dilations}")
        if self.first == "detail" and not (self.rain_blocks and self.detail_blocks):
            raise ConfigError("network.first = 'detail' needs both branches")
        if self.first == "detail" and self.detail_input != "rainy":
            raise ConfigError("network.first = 'detail' needs detail_input = 'rainy'")
        if self.detail_input == "features" and self.detail != self.rain:
            raise ConfigError(
                "network.detail_input = 'features' needs branches of one width and resolution"
            )
        if not 0 <= self.detail_mean <= 1:
            raise ConfigError(f"network.detail_mean must be from 0 to 1, not {self.detail_mean}")
        if type(self.pool_window) is not int or self.pool_window < 3 or self.pool_window % 3:
            raise ConfigError(
                f"network.pool_window must be a multiple of 3, not {self.pool_window}"
            )

    @property
    def rain(self) -> tuple[int, int]:
        """Channels and unshuffle of the rain branch."""
        return self.channels, self.unshuffle

    @property
    def detail(self) -> tuple[int, int]:
        """Channels and unshuffle of the detail branch."""
        return self.detail_channels or self.channels, self.detail_unshuffle or self.unshuffle

    @property
    def patch_multiple(self) -> int:
        """Height and width of a training patch must be multiples of this many pixels."""
        return max(self.unshuffle, self.detail[1] if self.detail_blocks else 1)

    @property
    def pool_cell(self) -> int:
        """Side of one pooling cell in feature pixels; a window is 3x3 cells."""
        return self.pool_window // 3

    @property
    def size_multiple(self) -> int:
        """Height and width of an input must be multiples of this many pixels."""
        return math.lcm(self.pool_cell * self.unshuffle, self.patch_multiple)

    @property
    def receptive_radius(self) -> int:
        """Exact reach of the convolutions alone, in image pixels, from the centre to one side."""
        return receptive_radius(self)

    @property
    def parts(self) -> tuple[str, ...]:
        blocks = {"rain": self.rain_blocks, "detail": self.detail_blocks}
        return tuple(name for name, count in blocks.items() if count)

    @property
    def window(self) -> int:
        return self.pool_window * self.unshuffle

    @property
    def bytes_per_pixel(self) -> int:
        # About six feature maps of the branch that has the larger ones, and four pictures, float32.
        widths = [self.rain] * bool(self.rain_blocks) + [self.detail] * bool(self.detail_blocks)
        features = max(6 * channels // unshuffle**2 for channels, unshuffle in widths)
        return 4 * (features + 4 * 3)

    @property
    def wrong_in_bfloat16(self) -> str:
        channels = self.detail[0]
        dilated = self.detail_blocks and max(self.dilations) > 1
        if not (dilated and channels > 16 and channels % 16):
            return ""
        # oneDNN 3.12, jit_bf16:avx512_core_bf16: weight gradients of dilated convolutions, silently
        # or as NaN.
        return f"the detail branch has {channels} channels, above 16 and no multiple of it"

    def behind_another(self) -> DRDNetConfig:
        return replace(self, rain_blocks=0, first="rain")


_BOTH = DRDNetConfig(
    channels=48,
    unshuffle=2,
    detail_unshuffle=4,
    first="detail",
    detail_mean=0.45,
    norm="none",
    slopes="shared",
    pool_window=72,
)

PRESETS: dict[str, DRDNetConfig] = {
    "paper": DRDNetConfig(),
    "base": replace(_BOTH, rain_blocks=14, detail_blocks=5),
    "fast": replace(_BOTH, rain_blocks=8, detail_blocks=3, detail_channels=32),
}
