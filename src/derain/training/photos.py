"""Real photographs of the semi-supervised part, decoded and shrunk when they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from derain.data import list_images
from derain.errors import DatasetError
from derain.tensors import as_planes
from derain.training.config import TrainConfig
from derain.training.facts import FactStore, Part
from derain.training.lazy import Lazy
from derain.training.pictures import Pictures, picture_cache
from derain.training.split import survey

Pixels = NDArray[np.uint8]


def load_photos(config: TrainConfig, device: torch.device) -> Sequence[Tensor]:
    """Real photographs, (3, H, W) uint8, shrunk so that the short side is at most ``real.short``.

    Raises:
        DatasetError: None at all, a damaged one, or one smaller than a patch; names it.
    """
    assert config.real is not None
    root, short = Path(config.data.root), config.real.short
    paths = [path for folder in config.real.paths for path in list_images(root / folder)]
    pictures = Pictures(picture_cache(config.data.memory))
    with FactStore() as store:
        facts = survey((Part(path) for path in paths), pictures, store)
    for path in paths:
        height, width = facts[Part(path)].size
        if min(height, width) < config.patch:
            raise DatasetError(
                f"{path}: is {width}x{height}, smaller than a patch of {config.patch}; remove it "
                "or lower patch"
            )

    def load(path: Path) -> Tensor:
        pixels = pictures.changed(path, short, lambda pixels: _shrunk(pixels, short))
        return as_planes(pixels).to(device)

    return Lazy(paths, load)


def _shrunk(image: Pixels, short: int) -> Pixels:
    """A picture with a short side of at most ``short`` pixels; 0 for as it is."""
    side = min(image.shape[:2])
    if not short or side <= short:
        return image
    scale = short / side
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
