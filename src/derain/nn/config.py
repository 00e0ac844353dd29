"""The one configuration that defines a network, and the presets that ship."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from derain.errors import ConfigError

DetailInput = Literal["rainy", "coarse", "both", "features"]


@dataclass(frozen=True)
class NetworkConfig:
    """Everything that decides a network's arithmetic. Saved with the weights.

    Attributes:
        channels: Feature channels of both branches. CODE: 64.
        rain_blocks: Residual squeeze-and-excitation blocks of the rain branch. CODE: 16; 0 leaves
            it out: the detail branch then stands behind another derainer.
        detail_blocks: SDCAB residual blocks of the detail branch. CODE: 16; 0 leaves it out.
        detail_input: What the detail branch reads: the ``"rainy"`` picture O (CODE), the
            ``"coarse"`` one O - R, ``"both"``, or O and the rain branch's ``"features"`` (OURS,
            research/journal/weights.md).
        dilations: Dilations of the parallel 3x3 kernels of a context aggregation. CODE: (1, 3, 5).
        detail_channels: Feature channels of the detail branch, 0 for ``channels``.
        unshuffle: 1 works at full resolution (PAPER); 2 packs each 2x2 pixels into channels first
            (PixelUnshuffle stem, PixelShuffle tails): the same body at a quarter of the cost
            (OURS).
        detail_unshuffle: The same for the detail branch, 1, 2, 4 or 8; 0 for ``unshuffle``. At 4 it
            sees twice as far for a quarter of the arithmetic (OURS).
        first: Which branch goes first: ``"rain"`` (PAPER), or ``"detail"``, which then reads the
            rainy picture alone and hands its features to the rain branch as context (OURS).
        norm: ``"batch"`` (CODE) or ``"none"`` (OURS).
        squeeze: Hidden width of the squeeze-and-excitation bottleneck. CODE: 4.
        slopes: PReLU slopes ``"channel"`` (CODE) or one ``"shared"`` slope per activation, which
            inference engines fuse into the convolution (OURS).
        pool_window: Side of the squeeze-and-excitation window at inference, in feature pixels; a
            multiple of 3. Training pools over the whole patch (CODE), so this should be near the
            patch's side (OURS, after TLC).
        mirrors: At inference layers are averaged over so many mirror images of the picture: 1, 2
            or 4, at so many times the cost (OURS, :mod:`derain.nn.mirrors`).
    """

    channels: int = 64
    rain_blocks: int = 16
    detail_blocks: int = 16
    detail_input: DetailInput = "rainy"
    detail_channels: int = 0
    dilations: tuple[int, ...] = (1, 3, 5)
    unshuffle: Literal[1, 2] = 1
    detail_unshuffle: Literal[0, 1, 2, 4, 8] = 0
    first: Literal["rain", "detail"] = "rain"
    norm: Literal["batch", "none"] = "batch"
    squeeze: int = 4
    slopes: Literal["channel", "shared"] = "channel"
    pool_window: int = 96
    mirrors: Literal[1, 2, 4] = 1

    def __post_init__(self) -> None:
        lowest = {"channels": 1, "rain_blocks": 0, "detail_blocks": 0, "squeeze": 1}
        lowest["detail_channels"] = 0
        for name, low in lowest.items():
            value = getattr(self, name)
            if type(value) is not int or value < low:
                raise ConfigError(
                    f"network.{name} must be a whole number, at least {low}, not {value!r}"
                )
        if not self.rain_blocks and not self.detail_blocks:
            raise ConfigError("network: has neither a rain branch nor a detail branch")
        if self.detail_input not in get_args(DetailInput):
            known = ", ".join(map(repr, get_args(DetailInput)))
            raise ConfigError(
                f"network.detail_input must be one of {known}, not {self.detail_input!r}"
            )
        if self.detail_input == "features" and not self.rain_blocks:
            raise ConfigError("network.detail_input = 'features' needs a rain branch")
        whole = all(type(d) is int and d >= 1 for d in self.dilations)
        if not self.dilations or not whole:
            raise ConfigError(f"network.dilations must be positive, not {self.dilations}")
        if self.unshuffle not in (1, 2):
            raise ConfigError(f"network.unshuffle must be 1 or 2, not {self.unshuffle}")
        if self.detail_unshuffle not in (0, 1, 2, 4, 8):
            raise ConfigError(
                f"network.detail_unshuffle must be 0, 1, 2, 4 or 8, not {self.detail_unshuffle}"
            )
        if self.first not in ("rain", "detail"):
            raise ConfigError(f"network.first must be 'rain' or 'detail', not {self.first!r}")
        if self.first == "detail" and not (self.rain_blocks and self.detail_blocks):
            raise ConfigError("network.first = 'detail' needs both branches")
        if self.first == "detail" and self.detail_input != "rainy":
            raise ConfigError("network.first = 'detail' needs detail_input = 'rainy'")
        if self.detail_input == "features" and self.detail != self.rain:
            raise ConfigError(
                "network.detail_input = 'features' needs branches of one width and resolution"
            )
        if self.mirrors not in (1, 2, 4):
            raise ConfigError(f"network.mirrors must be 1, 2 or 4, not {self.mirrors}")
        if self.norm not in ("batch", "none"):
            raise ConfigError(f"network.norm must be 'batch' or 'none', not {self.norm!r}")
        if self.slopes not in ("channel", "shared"):
            raise ConfigError(f"network.slopes must be 'channel' or 'shared', not {self.slopes!r}")
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
        (_, fine), (_, low) = self.rain, self.detail
        rain = (2 + 2 * self.rain_blocks + 1) * fine if self.rain_blocks else 0
        detail = (2 + 2 * self.detail_blocks * max(self.dilations) + 1) * low
        if not self.detail_blocks:
            detail = 0
        if self.detail_input == "features" and detail:
            # Features are taken before the rain branch's tail and come in after the detail's head.
            detail -= 2 * fine
        chained = self.first == "detail" or self.detail_input != "rainy"
        if self.first == "detail":
            detail += low  # features are interpolated between neighbours
        reach = rain + detail if chained else max(rain, detail)
        return reach + self.patch_multiple - 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {**asdict(self), "dilations": list(self.dilations)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkConfig:
        """The inverse of :meth:`to_dict`; an unknown key is a :class:`ConfigError`."""
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise ConfigError(f"unknown network option {sorted(unknown)[0]!r}")
        fixed = dict(values)
        if "dilations" in fixed:
            fixed["dilations"] = tuple(fixed["dilations"])
        return cls(**fixed)


_WIDE = NetworkConfig(channels=48, unshuffle=2, norm="none", slopes="shared", pool_window=72)

PRESETS: dict[str, NetworkConfig] = {
    "paper": NetworkConfig(),
    "base": replace(
        _WIDE, rain_blocks=14, detail_blocks=5, detail_unshuffle=4, detail_input="both"
    ),
    "fast": replace(_WIDE, rain_blocks=4, detail_blocks=2, detail_unshuffle=4, detail_input="both"),
}


def preset(name: str) -> NetworkConfig:
    """A named configuration: ``paper`` (PAPER and CODE), ``base`` or ``fast`` (OURS)."""
    if name not in PRESETS:
        raise ConfigError(f"unknown network preset {name!r}; known: {', '.join(PRESETS)}")
    return PRESETS[name]
