"""JPEG's loss, batched and on any device: 8x8 DCT, quantisation and back, no chroma subsampling.

Source: ITU-T T.81 annexes A and K (tables K.1, K.2); quality scaling as in libjpeg; YCbCr as in
JFIF. Padding of partial blocks repeats the edge.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
]  # fmt: skip
_CHROMA = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *[99] * 32,
]  # fmt: skip
_TO_YCC = [
    [0.299, 0.587, 0.114],
    [-0.168736, -0.331264, 0.5],
    [0.5, -0.418688, -0.081312],
]


def _dct_matrix(device: torch.device) -> Tensor:
    k = torch.arange(8, device=device, dtype=torch.float32)
    basis = torch.cos((2 * k[None, :] + 1) * k[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    return basis


def jpeg(image: Tensor, quality: Tensor) -> Tensor:
    """What an image looks like after JPEG at 4:4:4.

    Args:
        image: (N, 3, H, W) in [0, 1].
        quality: (N,) in 1..100.

    Returns:
        (N, 3, H, W) in [0, 1].
    """
    count, _, height, width = image.shape
    device = image.device
    to_ycc = torch.tensor(_TO_YCC, device=device)
    ycc = torch.einsum("dc,nchw->ndhw", to_ycc, (image.clamp(0, 1) * 255).round())
    ycc = ycc.round()
    ycc[:, 0] -= 128
    padded = F.pad(ycc, (0, -width % 8, 0, -height % 8), mode="replicate")
    rows, columns = padded.shape[-2] // 8, padded.shape[-1] // 8
    blocks = padded.view(count, 3, rows, 8, columns, 8).permute(0, 1, 2, 4, 3, 5)
    basis = _dct_matrix(device)
    coefficients = basis @ blocks @ basis.T
    scale = torch.where(quality < 50, 5000 / quality.clamp(min=1), 200 - 2 * quality)
    tables = torch.tensor([_LUMA, _CHROMA, _CHROMA], device=device, dtype=torch.float32)
    steps = ((tables[None] * scale[:, None, None] + 50) / 100).floor().clamp(1, 255)
    steps = steps.view(count, 3, 1, 1, 8, 8)
    blocks = basis.T @ ((coefficients / steps).round() * steps) @ basis
    ycc = blocks.permute(0, 1, 2, 4, 3, 5).reshape(padded.shape)[..., :height, :width].round()
    ycc[:, 0] += 128
    rgb = torch.einsum("dc,nchw->ndhw", torch.linalg.inv(to_ycc), ycc)
    return (rgb.round() / 255).clamp(0, 1)
