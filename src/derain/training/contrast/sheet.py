"""A picture of what a contrast compares: anchors and their nearest samples."""

from __future__ import annotations

import torch
from torch import Tensor

from derain.tensors import Pixels, to_pixels
from derain.training.contrast.dual import Compared

ROWS, NEAREST, _GAP = 8, 4, 4


def neighbours(compared: Compared, signed: bool) -> Pixels:
    """A row for each anchor: itself, its nearest positives, its nearest negatives.

    A good space shows, right of the first gap, rain that looks like the anchor, and right of the
    second what it could be mistaken for.

    Args:
        compared: What was looked at; at most 8 anchors are shown.
        signed: Anchors and positives are rain layers: zero is shown as middle grey. Negatives are
            pictures in either case.

    Returns:
        (H, W, 3) uint8; places without a sample are white.
    """
    side = compared.anchors.shape[-1]
    columns, middle = 1 + 2 * NEAREST, 0.5 if signed else 0.0
    rows = min(ROWS, len(compared.anchors))
    width = columns * side + (columns + 1) * _GAP
    sheet = torch.ones(3, rows * (side + _GAP) + _GAP, width)
    for row in range(rows):
        for first, patches, alike, zero in (
            (0, compared.anchors[row : row + 1], torch.zeros(1), middle),
            (1, compared.positives, compared.near[row], middle),
            (1 + NEAREST, compared.negatives, compared.far[row], 0.0),
        ):
            order = alike.argsort(descending=True)[:NEAREST]
            for column, index in enumerate(order.tolist()):
                top = _GAP + row * (side + _GAP)
                left = _GAP + (first + column) * (side + _GAP)
                sheet[:, top : top + side, left : left + side] = _shown(patches[index], zero)
    pixels: Pixels = to_pixels(sheet[None])[0]
    return pixels


def _shown(patch: Tensor, zero: float) -> Tensor:
    return (patch.float().cpu() + zero).clamp(0, 1)
