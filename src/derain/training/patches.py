"""Patches of pictures."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Generator, Tensor

from derain.nn.padding import pad_to_multiple
from derain.rain.draw import integer


def crop(images: Sequence[Tensor], patch: int, generator: Generator) -> list[Tensor]:
    """The same random patch of pictures of one size, each (3, H, W); small ones are padded."""
    height, width = images[0].shape[-2:]
    rows, columns = max(height, patch), max(width, patch)
    if rows > height or columns > width:
        images = [pad_to_multiple(image[None], patch)[0, :, :rows, :columns] for image in images]
    top, left = integer(0, rows - patch, generator), integer(0, columns - patch, generator)
    cut = [image[:, top : top + patch, left : left + patch] for image in images]
    return [image.contiguous() for image in cut]  # decoded pictures have their channels last
