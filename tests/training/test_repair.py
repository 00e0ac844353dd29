"""The detachable branch: trained and used behind another derainer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from examples.median import derain as median
from numpy.typing import NDArray

from derain.errors import ConfigError, ExportError, ModelNotFoundError, TrainingError
from derain.export import export_run
from derain.nn import load_network, pad_to_multiple
from derain.training import Trainer, repaired
from derain.training.config import TrainConfig
from derain.training.repair import coarse_pictures
from tests.adapters.onnx_files import half_onnx

pytestmark = pytest.mark.slow

Make = Callable[..., TrainConfig]
Pixels = NDArray[np.uint8]
NETWORK = {
    "first": "rain", "channels": 8, "detail_blocks": 1, "pool_window": 6, "detail_input": "both",
}  # fmt: skip


@pytest.fixture
def run(make: Make) -> Path:
    folder = Trainer(make(first="examples.median:derain", network=NETWORK)).run()
    assert folder is not None
    return folder


def test_only_the_branch_is_trained_and_its_worth_is_told(run: Path) -> None:
    network = load_network(run / "network.safetensors")
    assert network.rain is None
    assert all(name.startswith("detail.") for name in network.state_dict())
    scores = json.loads((run / "scores.json").read_text())["scores"]["pairs"]
    assert scores["coarse/matlab-y"] != scores["psnr/matlab-y"]


def test_in_use_it_is_the_other_derainer_and_the_branch(run: Path, photos: list[Pixels]) -> None:
    image = photos[0][:61, :50]
    got = repaired(run)(image)
    network = load_network(run / "network.safetensors")
    tensors = [
        pad_to_multiple(torch.from_numpy(x).permute(2, 0, 1)[None].float() / 255, 4)
        for x in (image, median(image))
    ]
    with torch.no_grad():
        detail, _ = network.detail(*tensors)
    expected = (tensors[1] + detail)[0, :, :61, :50].clamp(0, 1).permute(1, 2, 0) * 255
    assert got.shape == image.shape
    assert np.abs(got - expected.numpy()).max() <= 0.501


def test_an_onnx_file_can_stand_first(make: Make, tmp_path: Path) -> None:
    half = half_onnx(tmp_path / "half.onnx")
    trainer = Trainer(make(first=str(half), network=NETWORK, steps=2))
    assert trainer.run()
    rainy = torch.randint(0, 256, (2, 3, 32, 32)) / 255
    assert trainer._first is not None
    assert (coarse_pictures(trainer._first, rainy) - rainy / 2).abs().max() <= 0.51 / 255


def test_what_cannot_be_is_refused(run: Path, make: Make, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="detail branch alone"):
        export_run(run, "x", tmp_path, "", "", lambda _: None)
    with pytest.raises(TrainingError, match="not a finished run with first"):
        repaired(tmp_path)
    with pytest.raises(ConfigError, match="cannot go with"):
        make(first="examples.median:derain", frozen=["rain"])
    with pytest.raises(ConfigError, match="needs first"):
        make(network={"first": "rain", "rain_blocks": 0, "detail_blocks": 1})
    with pytest.raises(ModelNotFoundError, match=r"missing.onnx: no such file"):
        Trainer(make(first="missing.onnx", out=str(tmp_path / "other")))
