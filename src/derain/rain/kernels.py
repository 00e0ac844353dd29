"""The image of one falling drop, and fields of many, by convolution."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def streak_kernels(angle: Tensor, length: Tensor, width: Tensor) -> Tensor:
    """Anti-aliased line segments with a Gaussian profile across, tapered at the ends, peak 1.

    Args:
        angle: (K,) degrees from vertical, positive leaning right at the top.
        length: (K,) pixels.
        width: (K,) full width at half maximum in pixels.

    Returns:
        (K, S, S) with odd S that fits the longest.
    """
    reach = math.ceil(float(length.max()) / 2 + 2 * float(width.max())) + 1
    axis = torch.arange(-reach, reach + 1, device=angle.device, dtype=torch.float32)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    radians = torch.deg2rad(angle)[:, None, None]
    along = x * torch.sin(radians) - y * torch.cos(radians)
    across = x * torch.cos(radians) + y * torch.sin(radians)
    sigma = (width / 2.355)[:, None, None].clamp(min=0.3)
    profile = torch.exp(-0.5 * (across / sigma) ** 2)
    half = (length / 2)[:, None, None]
    taper = ((half - along.abs()) / (0.3 * half) + 0.5).clamp(0, 1)
    kernels = profile * taper
    return kernels / kernels.amax(dim=(1, 2), keepdim=True)


def drop_kernels(diameter: Tensor, rim: Tensor, stretch: Tensor) -> Tensor:
    """Defocused drops: soft ellipses with a brighter rim, peak 1.

    Args:
        diameter: (K,) pixels.
        rim: (K,) in 0..1, how much brighter the rim is than the centre.
        stretch: (K,) height over width.

    Returns:
        (K, S, S) with odd S that fits the largest.
    """
    reach = math.ceil(float((diameter * stretch.clamp(min=1)).max()) / 2) + 2
    axis = torch.arange(-reach, reach + 1, device=diameter.device, dtype=torch.float32)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    radius = (diameter / 2)[:, None, None]
    distance = torch.sqrt(x**2 + (y / stretch[:, None, None]) ** 2) / radius
    soft = torch.sigmoid((1 - distance) * 8)
    kernels = soft * (1 - rim[:, None, None] * (1 - distance.clamp(0, 1) ** 2))
    return kernels / kernels.amax(dim=(1, 2), keepdim=True)


def convolve(maps: Tensor, kernels: Tensor) -> Tensor:
    """Convolve each map with its own kernel, periodically, by FFT.

    Args:
        maps: (K, H, W), at least as large as the kernels.
        kernels: (K, S, S).

    Returns:
        (K, H, W).
    """
    height, width = maps.shape[-2:]
    size = kernels.shape[-1]
    padded = torch.nn.functional.pad(kernels, (0, width - size, 0, height - size))
    padded = padded.roll((-(size // 2), -(size // 2)), (-2, -1))
    product = torch.fft.rfft2(maps) * torch.fft.rfft2(padded)
    layers: Tensor = torch.fft.irfft2(product, s=(height, width))
    return layers
