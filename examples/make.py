"""How the example was made: a free photograph, and rain by our own synthesiser.

    python examples/make.py

The photograph is scikit-image's ``rocket`` (SpaceX, released as CC0). ``clean.jpg`` is its truth.
"""

from __future__ import annotations

from pathlib import Path

import skimage.data
import torch

from derain.media import Picture, write_picture
from derain.rain import RainSynthesizer, rain_preset

HERE = Path(__file__).parent

photo = torch.from_numpy(skimage.data.rocket().copy()).permute(2, 0, 1)[None] / 255
sample = RainSynthesizer(rain_preset("light"))(photo, torch.Generator().manual_seed(5))
for name, layer in (("rainy", sample.rainy), ("clean", sample.clean)):
    pixels = (layer[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    write_picture(Picture(pixels, format="JPEG"), HERE / f"{name}.jpg")
