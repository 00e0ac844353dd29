"""One file for other programs, against what Python makes of the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from derain import Derainer, load_torch
from derain.cli.main import run
from derain.errors import UsageError
from derain.export.standalone import standalone
from derain.zoo import load_gate, load_model

Pixels = NDArray[np.uint8]


def as_input(pixels: Pixels) -> NDArray[np.float32]:
    return (pixels.astype(np.float32) / 255).transpose(2, 0, 1)[None]


def as_pixels(planes: NDArray[np.float32]) -> Pixels:
    assert planes.min() >= 0 and planes.max() <= 1
    return np.rint(planes[0].transpose(1, 2, 0) * 255).astype(np.uint8)


def close(a: Pixels, b: Pixels, mean: float) -> bool:
    difference = np.abs(a.astype(int) - b)
    return a.shape == b.shape and difference.max() <= 1 and difference.mean() <= mean


@pytest.mark.parametrize(("precision", "mean"), [("float32", 0.001), ("float16", 0.05)])
def test_any_size_as_in_python(
    precision: str, mean: float, rainy: Pixels, fast: Derainer, tmp_path: Path
) -> None:
    path = tmp_path / "fast.onnx"
    words = ["export", "fast", "--standalone", "-o", str(path), "--precision", precision]
    assert run(words) == 0
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for height, width in ((1, 1), (2, 130), (97, 131), (200, 256)):
        cut = np.ascontiguousarray(rainy[:height, :width])
        (clean,) = session.run(None, {"picture": as_input(cut)})
        assert close(as_pixels(clean), fast.without_turning()(cut), mean), (height, width)


@pytest.mark.parametrize("size", [(96, 192), (131, 97), (49, 49)])
def test_one_size(size: tuple[int, int], rainy: Pixels, base: Derainer, tmp_path: Path) -> None:
    """Without a shape that is computed: engines that know none before they run take it."""
    width, height = size
    path = tmp_path / "base.onnx"
    words = ["export", "base", "--standalone", "-o", str(path), "--size", f"{width}x{height}"]
    assert run(words) == 0
    kinds = {node.op_type for node in onnx.load(path).graph.node}
    assert not kinds & {"Shape", "Gather", "Range", "Reshape", "Transpose", "Loop", "If"}
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert given.shape == [1, 3, height, width]
    cut = np.ascontiguousarray(rainy[:height, :width])
    (clean,) = session.run(None, {"picture": as_input(cut)})
    assert close(as_pixels(clean), base.without_turning()(cut), 0.001)


def test_another_engine_reads_it(rainy: Pixels, fast: Derainer) -> None:
    """OpenVINO: it has its own importer of every operator."""
    openvino = pytest.importorskip("openvino")
    core = openvino.Core()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(standalone(load_model("fast"))), "CPU", exact)
    cut = np.ascontiguousarray(rainy[:75, :133])
    clean = compiled(as_input(cut))[compiled.output("clean")]
    assert close(as_pixels(clean), fast(cut), 0.001)


def test_what_is_refused(tmp_path: Path, capsys) -> None:
    for words, told in (
        (["fast", "--standalone", "-o", str(tmp_path)], "ends in .onnx"),
        (["fast", "--standalone", "-o", "a.onnx", "--name", "x"], "a model has its own"),
        (["run", "-o", str(tmp_path), "--name", "x", "--precision", "float16"], "--standalone"),
        (["run", "-o", str(tmp_path), "--name", "x", "--size", "64x64"], "--size goes with"),
        (["fast", "--standalone", "-o", "a.onnx", "--size", "1080p"], "WIDTHxHEIGHT"),
        (["fast", "--standalone", "-o", "a.onnx", "--size", "0x64"], "WIDTHxHEIGHT"),
        (["fast", "--standalone", "-o", "a.onnx", "--size", "9x64"], "too small a size"),
        (["run", "-o", str(tmp_path)], "--name is missing"),
    ):
        assert run(["export", *words]) == 2
        assert told in capsys.readouterr().err
    (tmp_path / "a.onnx").write_bytes(b"mine")
    there = ["export", "fast", "--standalone", "-o", str(tmp_path / "a.onnx")]
    assert run(there) == 7
    assert "a.onnx: exists already" in capsys.readouterr().err
    assert (tmp_path / "a.onnx").read_bytes() == b"mine"
    assert run([*there, "--overwrite"]) == 0
    assert (tmp_path / "a.onnx").stat().st_size > 1_000_000
    with pytest.raises(UsageError, match="no network of pictures"):
        standalone(load_gate())


def test_the_module_computes_the_same(rainy: Pixels, base: Derainer) -> None:
    import torch

    network = load_torch("base")
    side = network.config.size_multiple * (200 // network.config.size_multiple)
    cut = np.ascontiguousarray(rainy[:side, :side])
    with torch.no_grad():
        clean = network(torch.from_numpy(as_input(cut))).clean.clamp(0, 1)
    assert close(as_pixels(clean.numpy()), base(cut), 0.01)
