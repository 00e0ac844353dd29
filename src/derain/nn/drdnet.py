"""DRDNet: the rain residual network and the detail repair network, added up."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from derain.nn.config import NetworkConfig
from derain.nn.detail_repair import DetailRepairNet
from derain.nn.initialise import initialise_without_norm
from derain.nn.rain_residual import RainResidualNet


class Layers(NamedTuple):
    """All layers of one prediction, each (N, 3, H, W) in units of the image.

    Attributes:
        rain: R, the predicted rain layer.
        coarse: O - R, the background before repair.
        detail: D, the details given back.
        clean: B = O - R + D, not clipped.
    """

    rain: Tensor
    coarse: Tensor
    detail: Tensor
    clean: Tensor


class DRDNet(nn.Module):
    """B = O - R(O) + D(O) (PAPER; layer sizes CODE: 5,221,766 parameters in preset ``paper``).

    Shape:
        (N, 3, H, W) in [0, 1] -> :class:`Layers`. In eval mode H and W must be multiples of
        ``config.size_multiple`` (see :func:`derain.nn.padding.pad_to_multiple`); in training mode
        of ``config.unshuffle``.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.rain = RainResidualNet(config)
        self.detail = DetailRepairNet(config)
        if config.norm == "none":
            initialise_without_norm(self)

    def forward(self, rainy: Tensor) -> Layers:
        multiple = self.config.unshuffle if self.training else self.config.size_multiple
        if rainy.shape[-2] % multiple or rainy.shape[-1] % multiple:
            height, width = rainy.shape[-2:]
            raise ValueError(f"{width}x{height} is not a multiple of {multiple}; pad it first")
        # The skip is added in float32 whatever the branches' precision.
        rain, detail = self.rain(rainy).float(), self.detail(rainy).float()
        coarse = rainy.float() - rain
        return Layers(rain, coarse, detail, coarse + detail)
