"""The sheet that takes a picture apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.restore.explain import explain

Pixels = NDArray[np.uint8]


def test_every_panel_is_the_layer_it_says(fast: Derainer, rainy: Pixels) -> None:
    sheet = np.asarray(explain(fast, rainy))
    height, width = rainy.shape[:2]
    assert sheet.shape == (2 * (height + 30) + 18, 3 * width + 24, 3)

    def panel(index: int) -> Pixels:
        top, left = 36 + index // 3 * (height + 36), 6 + index % 3 * (width + 6)
        return sheet[top : top + height, left : left + width]

    layers = fast.separate(rainy)
    np.testing.assert_array_equal(panel(0), rainy)
    np.testing.assert_array_equal(panel(4), layers.clean)
    rain, detail = ((panel(i) / 255.0 - 0.5) for i in (1, 3))
    assert np.abs(rain - np.clip(layers.rain, -0.5, 0.5)).max() < 0.003
    assert np.abs(detail - np.clip(layers.detail, -0.5, 0.5)).max() < 0.003
    coarse = np.clip(rainy / 255 - layers.rain, 0, 1)
    assert np.abs(panel(2) / 255 - coarse).max() < 0.003
    assert not panel(5)[..., 2].any()


def test_the_command(rainy: Pixels, tmp_path: Path) -> None:
    Image.fromarray(np.tile(rainy, (6, 6, 1))[:, :1400]).save(tmp_path / "photo.png")
    command = [
        sys.executable,
        "-m",
        "derain",
        "explain",
        str(tmp_path / "photo.png"),
        "--model",
        "fast",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "photo.explained.png") as sheet:
        assert max(sheet.size) <= 3 * 1280 + 24
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 7
    assert "--overwrite" in again.stderr
