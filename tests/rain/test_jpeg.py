"""Our batched JPEG against Pillow's."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from derain.rain.jpeg import jpeg


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_against_pillow(quality: int, photo: NDArray[np.uint8]) -> None:
    buffer = BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=quality, subsampling=0)
    expected = np.asarray(Image.open(buffer)).astype(int)
    tensor = torch.from_numpy(photo).permute(2, 0, 1)[None] / 255
    got = (jpeg(tensor, torch.tensor([quality])) * 255).round()[0].permute(1, 2, 0).numpy()
    # Integer against real arithmetic: a level here and there, no more.
    difference = np.abs(got - expected)
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99.5) <= 4


def test_batch_and_odd_sizes() -> None:
    image = torch.rand(3, 3, 17, 9)
    both = jpeg(image, torch.tensor([50.0, 75.0, 95.0]))
    assert both.shape == image.shape
    torch.testing.assert_close(both[1:2], jpeg(image[1:2], torch.tensor([75.0])))
