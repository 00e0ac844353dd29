"""Others' networks in an evaluation, by word of the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from derain.errors import ModelNotFoundError, UsageError
from derain.evaluation import read_entries
from derain.evaluation.methods import Foreign, OwnModel, Task, make_method
from derain.metrics import psnr
from derain.zoo import load_model
from tests.adapters.onnx_files import NHWC, linear

Pixels = NDArray[np.uint8]


def test_labels_are_the_names_of_files() -> None:
    words = ["nets/theirs.onnx:nhwc,0-255", "b=nets/theirs.onnx:0-255", "nets/other.onnx"]
    assert [(e.label, e.spec) for e in read_entries(words)] == [
        ("theirs", "nets/theirs.onnx:nhwc,0-255"),
        ("b", "nets/theirs.onnx:0-255"),
        ("other", "nets/other.onnx"),
    ]


def test_an_onnx_file_is_ours_where_its_card_is(tmp_path: Path, photos: list[Pixels]) -> None:
    model = load_model("fast")
    for name in ("fast.onnx", "fast.json", "fast.safetensors"):
        shutil.copy(model.folder / name, tmp_path / name)
    ours = make_method(str(tmp_path / "fast.onnx"), "onnxruntime")
    assert isinstance(ours, OwnModel) and ours.trained_on
    (tmp_path / "fast.json").unlink()
    theirs = make_method(f"{tmp_path / 'fast.onnx'}:multiple-{model.card.size_multiple}")
    assert isinstance(theirs, Foreign) and theirs.trained_on is None
    task = Task("s", "0", photos[0][:64, :96])
    difference = ours.restore(task).astype(int) - theirs.restore(task)
    assert np.abs(difference).max() <= 1


def test_what_has_to_be_said_is_told() -> None:
    with pytest.raises(ModelNotFoundError, match=r"none\.onnx: no such file"):
        make_method("none.onnx:nhwc")
    with pytest.raises(UsageError, match="known: nchw, nhwc"):
        make_method("none.onnx:upside-down")


def test_the_command(workplace: Path, photos: list[Pixels]) -> None:
    linear(workplace / "theirs.onnx", NHWC, add=-20.0, reads=TensorProto.FLOAT)
    command = [sys.executable, "-m", "derain", "evaluate", "theirs.onnx:0-255", "--data", "s=pairs"]
    done = subprocess.run(
        [*command, "-o", "out"], capture_output=True, text=True, check=False, cwd=workplace
    )
    assert done.returncode == 0, done.stderr
    values = json.loads((workplace / "out" / "report.json").read_text())
    assert values["methods"]["theirs"]["about"].startswith("the ONNX file theirs.onnx (nhwc;")
    for record in values["pictures"]:
        index = int(record["name"])
        noise = np.random.default_rng(index).random(photos[index].shape[:2]) > 0.97
        rainy = np.where(noise[..., None], 255, photos[index])
        darker = np.maximum(rainy.astype(int) - 20, 0).astype(np.uint8)
        assert record["scores"]["psnr/rgb"] == pytest.approx(
            psnr(darker, photos[index], "rgb"), abs=1e-4
        )
    refused = subprocess.run(
        [*command[:-3], "theirs.onnx", *command[-2:], "-o", "other"],
        capture_output=True, text=True, check=False, cwd=workplace,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "theirs.onnx:0-255" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert not (workplace / "other").exists()
