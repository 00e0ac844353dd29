"""A small data set on disk, and callables in a module of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

CALLABLES = """
import os
from pathlib import Path
import numpy as np

def darker(image):
    return (image * 0.9).astype(np.uint8)

def counted(image):
    with open("calls.txt", "a") as file:
        file.write("x")
    return image

def half(image):
    return image[::2]

def floats(image):
    return image / 255

def raises(image):
    raise RuntimeError("no such thing")

def picky(image):
    if image[0, 0, 0] > 150:
        raise ValueError("too bright")
    return image

def dies(image):
    os._exit(3)

number = 5
"""


@pytest.fixture
def workplace(photos: list[Pixels], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pairs/{rainy,clean}/{0..3}.png, dry/, real/ and callables.py; also the current folder."""
    for index, clean in enumerate(photos):
        noise = np.random.default_rng(index).random(clean.shape[:2]) > 0.97
        rainy = np.where(noise[..., None], 255, clean).astype(np.uint8)
        for folder, image in (("pairs/rainy", rainy), ("pairs/clean", clean), ("dry", clean),
                              ("real", rainy)):  # fmt: skip
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / folder / f"{index}.png")
    (tmp_path / "callables.py").write_text(CALLABLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path
