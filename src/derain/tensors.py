"""The border between pictures as arrays and batches as tensors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


def as_planes(pixels: Pixels) -> Tensor:
    """(H, W, C) uint8 -> (C, H, W) uint8, a view of the same memory; it must be writeable."""
    return torch.from_numpy(pixels).permute(2, 0, 1)


def to_tensor(pixels: Pixels, device: torch.device | str = "cpu") -> Tensor:
    """(H, W, C) uint8 -> (1, C, H, W) float32 in 0..1. The array may be read-only."""
    return as_planes(pixels.copy())[None].to(device).float() / 255


def to_pixels(batch: Tensor) -> NDArray[np.uint8]:
    """(N, 3, H, W) float in 0..1 -> (N, H, W, 3) uint8, clipped and rounded."""
    levels = (batch.detach().clamp(0, 1) * 255).round().byte()
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
