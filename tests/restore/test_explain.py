"""The sheet that takes a picture apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.export import export_run
from derain.nn import DRDNetConfig, save_network
from derain.restore.explain import explain
from tests.nn.test_networks import lively

Pixels = NDArray[np.uint8]


def exported(folder: Path, detail_blocks: int) -> Derainer:
    """A small net with random weights, exported as a run would be."""
    network = lively(
        DRDNetConfig(
            channels=8,
            rain_blocks=1,
            detail_blocks=detail_blocks,
            unshuffle=2,
            norm="none",
            pool_window=6,
        )
    )
    run = folder / "run"
    run.mkdir()
    save_network(network, run / "network.safetensors")
    config = {
        "out": "runs/net",
        "data": {"pairs": [], "synthesis": [{"name": "rain", "weight": 0}]},
        "init": "",
    }
    config |= {"steps": 1, "batch": 1, "patch": 8, "seed": 0}
    for name, values in {
        "config": config,
        "scores": {"scores": {}, "cost": {}},
        "split": {"trained_on": {}},
        "started": {"commit": ""},
    }.items():
        (run / f"{name}.json").write_text(json.dumps(values))
    export_run(run, "net", folder / "zoo", "test", "none", print)
    return Derainer(str(folder / "zoo" / "net.json"), backend="onnxruntime")


def panels_of(derainer: Derainer, picture: Pixels) -> list[Pixels]:
    """The sheet's panels in reading order."""
    sheet = np.asarray(explain(derainer, picture))
    height, width = picture.shape[:2]
    across = (sheet.shape[1] - 6) // (width + 6)
    assert sheet.shape == (2 * (height + 30) + 18, across * (width + 6) + 6, 3)
    tops, lefts = (36, 36 + height + 36), [6 + i * (width + 6) for i in range(across)]
    return [sheet[top:, left:][:height, :width] for top in tops for left in lefts]


@pytest.mark.parametrize("model", ["fast", "random weights"])
def test_every_panel_is_the_layer_it_says(model: str, rainy: Pixels, tmp_path: Path) -> None:
    shipped = model == "fast"
    derainer = Derainer(model, backend="onnxruntime") if shipped else exported(tmp_path, 1)
    layers = derainer.separate(rainy)
    shown, rain, coarse, detail, clean, change = panels_of(derainer, rainy)
    np.testing.assert_array_equal(shown, rainy)
    np.testing.assert_array_equal(clean, layers.clean)
    for panel, layer in ((rain, layers.rain), (detail, layers.detail)):
        assert np.abs(panel / 255 - 0.5 - np.clip(layer, -0.5, 0.5)).max() < 0.003
    assert layers.detail.any()
    assert np.abs(coarse / 255 - np.clip(rainy / 255 - layers.rain, 0, 1)).max() < 0.003
    for plane, layer in enumerate((layers.rain, layers.detail)):
        size = 3 * np.abs(layer).mean(axis=2)
        assert np.abs(change[..., plane] / 255 - np.clip(size, 0, 1)).max() < 0.003
    assert not change[..., 2].any()


def test_no_empty_panels_without_a_detail_branch(rainy: Pixels, tmp_path: Path) -> None:
    derainer = exported(tmp_path, 0)
    layers = derainer.separate(rainy)
    shown, rain, clean, change = panels_of(derainer, rainy)
    np.testing.assert_array_equal(shown, rainy)
    np.testing.assert_array_equal(clean, layers.clean)
    assert np.abs(rain / 255 - 0.5 - np.clip(layers.rain, -0.5, 0.5)).max() < 0.003
    assert change[..., 0].any() and not change[..., 1:].any()


def test_layers_are_of_the_derainers_strength(rainy: Pixels) -> None:
    half = Derainer("fast", backend="onnxruntime", strength=0.5)
    layers = Derainer("fast", backend="onnxruntime").separate(rainy)
    _, rain, _, _, clean, _ = panels_of(half, rainy)
    assert np.abs(rain / 255 - 0.5 - np.clip(layers.rain / 2, -0.5, 0.5)).max() < 0.003
    np.testing.assert_array_equal(clean, half(rainy))


def test_the_command(rainy: Pixels, tmp_path: Path) -> None:
    Image.fromarray(np.tile(rainy, (2, 6, 1))[:, :1400]).save(tmp_path / "photo.png")
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
    dialled = [*command, "--strength", "0", "-o", str(tmp_path / "none.png")]
    assert subprocess.run(dialled, capture_output=True, check=False).returncode == 0
    shown = (np.asarray(Image.open(tmp_path / n)) for n in ("photo.explained.png", "none.png"))
    assert not np.array_equal(*shown)
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 7
    assert "--overwrite" in again.stderr
