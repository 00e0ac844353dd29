"""A network's layers averaged over mirror images of the picture.

Source: the self-ensemble of EDSR (Lim et al., CVPRW 2017), of which only the mirrors are used: rain
falls, and no network here was trained on a picture that lay on its side. OURS for deraining.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MIRRORS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""Axes that are flipped: as it is, left and right, top and bottom, both."""

Branches = Callable[..., tuple[Tensor, Tensor]]


def over_mirrors(
    branches: Branches, pictures: tuple[Tensor, ...], count: int
) -> tuple[Tensor, Tensor]:
    """Mean of ``count`` predictions of rain and detail, each turned back; 1, 2 or 4.

    One after another, not as a batch: memory stays that of one.

    Shape:
        each picture (N, 3, H, W) -> twice the same.
    """
    rain, detail = branches(*pictures)
    for axes in MIRRORS[1:count]:
        more = branches(*(torch.flip(picture, axes) for picture in pictures))
        rain, detail = rain + torch.flip(more[0], axes), detail + torch.flip(more[1], axes)
    return (rain, detail) if count == 1 else (rain / count, detail / count)
