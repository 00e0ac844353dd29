"""The detail repair network: "let the lost details return" (PAPER)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from derain.nn.config import NetworkConfig
from derain.nn.context_aggregation import SDCAB
from derain.nn.trunk import Trunk


class DetailRepairNet(Trunk):
    """Predicts the details D that the first stage took away.

    Source: Semi-DRDNet, detail repair network (PAPER). It reads the rainy image alone (CODE; one
    older release fed 2O - R, which third parties measured as worse), or, by
    ``config.detail_input``, the coarse picture or both (OURS: docs/training.md has what each is
    worth).

    Shape:
        rainy and coarse, each (N, 3, H, W) in [0, 1] -> (N, 3, H, W), signed, in units of the
        image.
    """

    def __init__(self, config: NetworkConfig) -> None:
        self.reads = config.detail_input
        images = 2 if self.reads == "both" else 1
        super().__init__(config, config.detail_blocks, SDCAB, images)

    def forward(self, *pictures: Tensor) -> Tensor:
        rainy, coarse = pictures
        read = {"rainy": (rainy,), "coarse": (coarse,), "both": (rainy, coarse)}
        return super().forward(*read[self.reads])


class NoDetail(nn.Module):
    """Stands where there is no detail branch: D = 0.

    Shape:
        as :class:`DetailRepairNet`.
    """

    def forward(self, rainy: Tensor, coarse: Tensor) -> Tensor:
        return torch.zeros_like(coarse)
