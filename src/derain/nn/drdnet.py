"""DRDNet: the rain residual network and the detail repair network, added up."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from derain.nn.config import NetworkConfig
from derain.nn.detail_repair import Context, DetailRepairNet, NoDetail
from derain.nn.initialise import initialise_without_norm
from derain.nn.mirrors import over_mirrors
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
    """B = O - R + D (PAPER; layer sizes CODE: 5,221,766 parameters in preset ``paper``).

    Shape:
        (N, 3, H, W) in [0, 1] -> :class:`Layers`. In eval mode H and W must be multiples of
        ``config.size_multiple`` (see :func:`derain.nn.padding.pad_to_multiple`); in training mode
        of ``config.patch_multiple``. A network without a rain branch (``rain_blocks = 0``) reads
        another derainer's picture as ``coarse`` and gives R = O - coarse.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.rain = RainResidualNet(config) if config.rain_blocks else None
        self.detail = DetailRepairNet(config) if config.detail_blocks else NoDetail()
        self.context = Context(config) if config.first == "detail" else None
        if config.norm == "none":
            initialise_without_norm(self)

    def forward(self, rainy: Tensor, coarse: Tensor | None = None) -> Layers:
        multiple = self.config.patch_multiple if self.training else self.config.size_multiple
        if rainy.shape[-2] % multiple or rainy.shape[-1] % multiple:
            height, width = rainy.shape[-2:]
            raise ValueError(f"{width}x{height} is not a multiple of {multiple}; pad it first")
        if (coarse is None) == (self.rain is None):
            raise ValueError(
                "a coarse picture is given where there is no rain branch, and only there"
            )
        rain, detail = self.branches(*(p for p in (rainy, coarse) if p is not None))
        background = rainy.float() - rain
        return Layers(rain, background, detail, background + detail)

    def branches(self, *pictures: Tensor) -> tuple[Tensor, Tensor]:
        """R and D of O, or of O and another derainer's picture; in eval mode over all mirrors.

        In float32, so that the skip is added in it whatever the branches' precision.
        """
        if self.training:
            return self._once(*pictures)
        return over_mirrors(self._once, pictures, self.config.mirrors)

    def _once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if self.context is not None:
            assert self.rain is not None
            detail, seen = self.detail(rainy, rainy)
            layer, _ = self.rain(rainy, before=self.context(seen))
            return layer.float(), detail.float()
        features = None
        if coarse is None:
            assert self.rain is not None
            layer, features = self.rain(rainy)
            rain = layer.float()
        else:
            rain = rainy.float() - coarse.float()
        detail = self.detail(rainy, rainy.float() - rain, before=features)[0].float()
        return rain, detail
