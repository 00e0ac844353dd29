"""The gate of clips: how much of each of a few pictures of one place is taken, pixel by pixel.

A small network without a picture of its own (OURS): it reads a frame and what the frames around it
show in its place, and gives weights. Source of the idea: kernel prediction (Mildenhall et al., CVPR
2018), here over pictures that ranks over time have made robust already.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.errors import ConfigError
from derain.nn.network import Network, NetworkConfig

CANDIDATES = 4
"""The frame itself, the median of it and its neighbours, that of all frames, their low value."""
EVIDENCE = 3 * (CANDIDATES + 1) + 1
"""Planes the network reads: the candidates, the frames' high value, and how many see the place."""


@dataclass(frozen=True)
class GateConfig(NetworkConfig):
    """Sizes of a gate.

    Attributes:
        channels: Feature channels, at half resolution.
        dilations: Of the 3x3 convolutions, one after another.
    """

    channels: int = 24
    dilations: tuple[int, ...] = (1, 2, 4, 8)

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.channels) is not int or self.channels < 1:
            raise ConfigError(f"network.channels must be at least 1, not {self.channels!r}")
        whole = all(type(d) is int and d >= 1 for d in self.dilations)
        if not self.dilations or not whole:
            raise ConfigError(f"network.dilations must be positive, not {self.dilations}")
        if self.mirrors != 1:
            raise ConfigError("network.mirrors: a gate looks at its evidence once")

    @property
    def parts(self) -> tuple[str, ...]:
        return ("gate",)

    @property
    def size_multiple(self) -> int:
        return 2

    @property
    def patch_multiple(self) -> int:
        return 2

    @property
    def receptive_radius(self) -> int:
        return 2 * (1 + sum(self.dilations)) + 1

    @property
    def window(self) -> int:
        return 0

    @property
    def bytes_per_pixel(self) -> int:
        return 4 * (3 * self.channels // 4 + 2 * EVIDENCE)


class GateNet(Network):
    """Weights of the candidates, and how much the single-picture network is needed.

    B = (1 - s) sum_i w_i C_i + s S, with w a softmax over the candidates C_i and s a sigmoid. The
    weights do not hang on S, so that the network behind it runs only where s says so.

    Shape:
        (N, EVIDENCE + 3, H, W) in [0, 1], S last -> :class:`~derain.nn.Layers`: ``coarse`` is B
        without S, ``detail`` what S changes. At inference S is not needed: :meth:`inference`.
    """

    config: GateConfig
    kind = "gate"
    planes = EVIDENCE + 3
    inference_planes = EVIDENCE
    inference_names = ("evidence", "weights", "need")

    def __init__(self, config: GateConfig) -> None:
        super().__init__()
        self.config, c = config, config.channels
        body: list[nn.Module] = [nn.Conv2d(4 * EVIDENCE, c, 3, padding=1), nn.LeakyReLU(0.1)]
        for dilation in config.dilations:
            body += [nn.Conv2d(c, c, 3, padding=dilation, dilation=dilation), nn.LeakyReLU(0.1)]
        last = nn.Conv2d(c, 4 * (CANDIDATES + 1), 1)
        nn.init.zeros_(last.weight)
        # It starts with as much of every candidate, and a tenth of the single-picture network.
        with torch.no_grad():
            assert last.bias is not None
            last.bias.zero_()[4 * CANDIDATES :] = -2.2
        self.gate = nn.Sequential(*body, last)

    def inference(self, rainy: Tensor) -> tuple[Tensor, Tensor]:
        """(N, EVIDENCE, H, W) -> the candidates' weights (N, 4, H, W), which sum to 1, and that of
        the single-picture network (N, 1, H, W)."""
        frame, rest = rainy[:, :3], rainy[:, 3:-1]
        # What differs from the frame says more than what it looks like: four times as loud.
        apart = 4 * (rest - frame.repeat(1, CANDIDATES, 1, 1))
        # About 0: a mean common to all is a direction in which every weight saturates at once.
        seen = torch.cat([frame - 0.5, apart, rainy[:, -1:] - 0.5], dim=1)
        logits = F.pixel_shuffle(self.gate(F.pixel_unshuffle(seen, 2)), 2).float()
        return logits[:, :CANDIDATES].softmax(1), logits[:, CANDIDATES:].sigmoid()

    def once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        evidence, still = rainy[:, :EVIDENCE], rainy[:, EVIDENCE:].float()
        weights, need = self.inference(evidence)
        count, _, height, width = evidence.shape
        candidates = evidence[:, : 3 * CANDIDATES].float()
        candidates = candidates.reshape(count, CANDIDATES, 3, height, width)
        fused = (weights[:, :, None] * candidates).sum(1)
        return evidence[:, :3].float() - fused, need * (still - fused)


PRESETS: dict[str, GateConfig] = {"gate": GateConfig()}
