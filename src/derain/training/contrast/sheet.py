"""A picture of what a contrast compares: anchors and their nearest samples."""

from __future__ import annotations

import torch

from derain.media.sheet import contact_sheet
from derain.tensors import Pixels, to_pixels
from derain.training.contrast.dual import Compared

ROWS, NEAREST = 8, 4


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
    middle, panels = 0.5 if signed else 0.0, []
    for row in range(min(ROWS, len(compared.anchors))):
        for patches, alike, places, zero in (
            (compared.anchors[row : row + 1], torch.zeros(1), 1, middle),
            (compared.positives, compared.near[row], NEAREST, middle),
            (compared.negatives, compared.far[row], NEAREST, 0.0),
        ):
            nearest = alike.argsort(descending=True)[:places].tolist()
            shown = [to_pixels((patches[i].float().cpu() + zero)[None])[0] for i in nearest]
            panels += [("", patch) for patch in [*shown, *[None] * (places - len(shown))]]
    return contact_sheet(panels, 1 + 2 * NEAREST, compared.anchors.shape[-1])
