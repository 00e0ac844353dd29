"""Padding images on the far side to the size a network wants."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def reflect_indices(size: int, multiple: int) -> list[int]:
    """Source index of every row of an axis of ``size`` padded up to a multiple, by reflection."""
    padded = -(-size // multiple) * multiple
    return [int(i) for i in np.pad(np.arange(size), (0, padded - size), mode="reflect")]


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """(..., H, W) -> (..., H', W'), reflected at the bottom and the right, any size from 1x1 up."""
    rows = torch.as_tensor(reflect_indices(image.shape[-2], multiple), device=image.device)
    columns = torch.as_tensor(reflect_indices(image.shape[-1], multiple), device=image.device)
    return image.index_select(-2, rows).index_select(-1, columns)
