"""The rain residual network: "remove streaks without remnants" (PAPER)."""

from __future__ import annotations

from torch import Tensor, nn

from derain.nn.activation import make_activation
from derain.nn.config import NetworkConfig
from derain.nn.norm import make_norm
from derain.nn.squeeze_excitation import SqueezeExcitation
from derain.nn.trunk import Trunk


class RainBlock(nn.Module):
    """Conv3x3 - norm - PReLU - Conv3x3 - norm - SE - add (CODE).

    Shape:
        (N, C, H, W) -> (N, C, H, W).
    """

    def __init__(self, config: NetworkConfig, channels: int) -> None:
        super().__init__()
        c = channels
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


class RainResidualNet(Trunk):
    """Predicts the rain layer R of a rainy image O; the coarse background is O - R.

    Source: Semi-DRDNet, rain residual network (PAPER); layer sizes from DRD-Net's release (CODE).

    Shape:
        (N, 3, H, W) in [0, 1] -> R (N, 3, H, W), signed, in units of the image, and the body's
        features.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config, config.rain, config.rain_blocks, RainBlock)
