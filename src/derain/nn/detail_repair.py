"""The detail repair network: "let the lost details return" (PAPER)."""

from __future__ import annotations

from torch import Tensor

from derain.nn.config import NetworkConfig
from derain.nn.context_aggregation import SDCAB
from derain.nn.trunk import Trunk


class DetailRepairNet(Trunk):
    """Predicts the details D that the rain residual network took away, from the rainy image.

    Source: Semi-DRDNet, detail repair network (PAPER). Its input is the rainy image alone: one
    older release fed 2O - R, which third parties measured as worse (MEASURED, docs/method.md).

    Shape:
        (N, 3, H, W) in [0, 1] -> (N, 3, H, W), signed, in units of the image.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config, config.detail_blocks, SDCAB)

    def forward(self, rainy: Tensor) -> Tensor:
        return super().forward(rainy)
