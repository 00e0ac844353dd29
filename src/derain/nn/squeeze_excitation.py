"""Squeeze-and-excitation whose gates do not depend on how a photo was cut into tiles.

Source: Hu et al., CVPR 2018; placed as in DRD-Net (CODE: 64->4->64, no bias, ReLU, sigmoid).
The windowed pool at inference is OURS, in the spirit of TLC (Chu et al., ECCV 2022): a network
trained on patches meets, in every window of a large photo, the statistics it was trained on.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Scale each channel by a gate computed from its mean.

    In training mode the mean is global (one gate per patch). In eval mode it is local: means over
    cells of ``cell`` x ``cell`` pixels on a grid fixed to the image's origin, averaged over 3x3
    cells (fewer at the border), turned into gates, and interpolated bilinearly back to pixels.

    Args:
        channels: Channels of the input.
        hidden: Width of the bottleneck.
        cell: Side of a pooling cell in pixels.

    Shape:
        (N, C, H, W) -> (N, C, H, W); in eval mode H and W must be multiples of ``cell``.
    """

    def __init__(self, channels: int, hidden: int, cell: int) -> None:
        super().__init__()
        self.cell = cell
        self.squeeze = nn.Conv2d(channels, hidden, 1, bias=False)
        self.excite = nn.Conv2d(hidden, channels, 1, bias=False)

    def gates(self, means: Tensor) -> Tensor:
        """(N, C, h, w) means -> (N, C, h, w) gates in (0, 1)."""
        return torch.sigmoid(self.excite(F.relu(self.squeeze(means))))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return x * self.gates(x.mean(dim=(2, 3), keepdim=True))
        cells = F.avg_pool2d(x, self.cell)
        windows = F.avg_pool2d(cells, 3, stride=1, padding=1, count_include_pad=False)
        gates = self.gates(windows)
        return x * F.interpolate(
            gates, scale_factor=float(self.cell), mode="bilinear", align_corners=False
        )
