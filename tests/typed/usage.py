"""What a type checker sees from outside: mypy with the sources, both with the wheel; never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import assert_type

import derain
from derain import Backend, Derainer, Model, Separation

FILE = NDArray[np.uint8] | NDArray[np.uint16]


class Own:
    """A backend of a user's own."""

    name, device, precision = "own", "cpu", "float32"

    def run(self, rainy: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return rainy * 0, rainy * 0

    def in_float32(self) -> Backend:
        return self


def use(photo: Image.Image, pixels: NDArray[np.uint8], deep: NDArray[np.float32]) -> None:
    model = derain.load_model("base")
    assert_type(model, Model)
    derainer = Derainer(model, backend=Own(), strength=0.5)
    assert_type(derainer(photo), Image.Image)
    assert_type(derainer(pixels), NDArray[np.uint8])
    assert_type(derainer(deep, strength=1), NDArray[np.float32])
    assert_type(derainer(b"..."), bytes)
    assert_type(derainer("photo.jpg"), FILE)
    assert_type(derainer(Path("photo.jpg")), FILE)
    layers = derainer.separate(photo)
    assert_type(layers, Separation[Image.Image])
    assert_type(layers.rain, NDArray[np.float32])
    clean, _, _ = layers
    assert_type(clean, Any)
    Derainer(Path("mine.json"))
