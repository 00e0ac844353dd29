"""The detail repair network: "let the lost details return" (PAPER)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.nn.config import NetworkConfig
from derain.nn.context_aggregation import SDCAB
from derain.nn.trunk import Trunk


class DetailRepairNet(Trunk):
    """Predicts the details D that the first stage took away.

    Source: Semi-DRDNet, detail repair network (PAPER). It reads the rainy image alone (CODE; one
    older release fed 2O - R, which third parties measured as worse), or, by
    ``config.detail_input``, the coarse picture, both, or the rainy image and the features that the
    rain branch's body ends with (OURS: research/journal/weights.md has what each is worth).

    Shape:
        rainy and coarse, each (N, 3, H, W) in [0, 1], and the rain branch's features -> the layer
        (N, 3, H, W), signed, in units of the image, and features.
    """

    def __init__(self, config: NetworkConfig) -> None:
        self.reads = config.detail_input
        images = 2 if self.reads == "both" else 1
        super().__init__(config, config.detail, config.detail_blocks, SDCAB, images)

    def forward(self, *pictures: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        rainy, coarse = pictures
        read = {"coarse": (coarse,), "both": (rainy, coarse)}.get(self.reads, (rainy,))
        return super().forward(*read, before=before if self.reads == "features" else None)


class Context(nn.Module):
    """The detail branch's features, handed to a rain branch of finer resolution (OURS).

    Shape:
        (N, detail channels, h, w) -> (N, channels, f h, f w).
    """

    def __init__(self, config: NetworkConfig) -> None:
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


class NoDetail(nn.Module):
    """Stands where there is no detail branch: D = 0.

    Shape:
        as :class:`DetailRepairNet`.
    """

    def forward(
        self, *pictures: Tensor, before: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        return torch.zeros_like(pictures[0]), before
