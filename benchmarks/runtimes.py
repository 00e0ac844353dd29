"""Standalone files in other runtimes: whether each takes them, and how far it is from Python.

    python -m benchmarks.runtimes [--models fast base] [--size 384x256] [--only NAME ...]

A runtime that is not installed is left out and told. What they need, beside derain's own:
``pip install ncnn pnnx MNN opencv-python-headless coremltools``. Differences are in levels of 255
against :class:`derain.Derainer` on a cut of examples/rainy.jpg. Core ML runs on Apple's systems
alone, so elsewhere a model is only converted.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.export.standalone import standalone
from derain.zoo import load_model

Planes = NDArray[np.float32]
Run = Callable[[str, Planes, Path], Planes | None]
"""Model, picture (1, 3, H, W) in [0, 1], a folder for files -> clean; None if only converted."""

EXAMPLE = Path(__file__).parents[1] / "examples" / "rainy.jpg"


def _any_size(model: str, folder: Path, precision: str = "float32") -> str:
    return _written(standalone(load_model(model), precision), folder)  # type: ignore[arg-type]


def _one_size(model: str, picture: Planes, folder: Path) -> str:
    height, width = picture.shape[2:]
    return _written(standalone(load_model(model), size=(width, height)), folder)


def _written(data: bytes, folder: Path) -> str:
    path = folder / "derain.onnx"
    path.write_bytes(data)
    return str(path)


def onnxruntime(model: str, picture: Planes, folder: Path, precision: str = "float32") -> Planes:
    from onnxruntime import InferenceSession

    path = _any_size(model, folder, precision)
    (clean,) = InferenceSession(path, providers=["CPUExecutionProvider"]).run(
        None, {"picture": picture}
    )
    return np.asarray(clean)


def onnxruntime_half(model: str, picture: Planes, folder: Path) -> Planes:
    return onnxruntime(model, picture, folder, "float16")


def openvino(model: str, picture: Planes, folder: Path) -> Planes:
    from openvino import Core

    core = Core()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(core.read_model(_any_size(model, folder)), "CPU", exact)
    return np.asarray(compiled(picture)[0])


def opencv(model: str, picture: Planes, folder: Path) -> Planes:
    import cv2

    network = cv2.dnn.readNetFromONNX(_one_size(model, picture, folder))
    network.setInput(picture)
    return np.asarray(network.forward())


def ncnn(model: str, picture: Planes, folder: Path) -> Planes:
    import ncnn as runtime

    path = _one_size(model, picture, folder)
    shape = ",".join(map(str, picture.shape))
    _tool(["pnnx", path, f"inputshape=[{shape}]"], folder)
    network = runtime.Net()
    # Half precision, which it prefers, is measured with ONNX Runtime; here the graph is.
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(network.opt, f"use_{option}", False)
    network.load_param(str(folder / "derain.ncnn.param"))
    network.load_model(str(folder / "derain.ncnn.bin"))
    extractor = network.create_extractor()
    extractor.input("in0", runtime.Mat(picture[0]).clone())  # it computes in its input's memory
    return np.array(extractor.extract("out0")[1])[None]


def mnn(model: str, picture: Planes, folder: Path) -> Planes:
    import MNN

    path, converted = _one_size(model, picture, folder), str(folder / "derain.mnn")
    words = ["-f", "ONNX", "--modelFile", path, "--MNNModel", converted, "--bizCode", "derain"]
    _tool(["mnnconvert", *words], folder)
    network = MNN.nn.load_module_from_file(converted, ["picture"], ["clean"])
    given = MNN.expr.placeholder(list(picture.shape), MNN.expr.NCHW)
    given.write(picture)
    clean = MNN.expr.convert(network.forward([given])[0], MNN.expr.NCHW)
    return np.array(clean.read(), np.float32).reshape(picture.shape)


def coreml(model: str, picture: Planes, folder: Path) -> None:
    import coremltools
    import torch
    import torch.nn.functional as F

    from derain import load_torch

    network = load_torch(model).folded()
    multiple = network.config.size_multiple
    height, width = picture.shape[2:]
    missing = (0, -width % multiple, 0, -height % multiple)

    class Clean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, rainy: torch.Tensor) -> torch.Tensor:
            clean: torch.Tensor = self.network(F.pad(rainy, missing, mode="reflect")).clean
            return clean[..., :height, :width].clamp(0, 1)

    example = torch.from_numpy(picture)
    traced = torch.jit.trace(Clean().eval(), example)  # type: ignore[no-untyped-call]
    given = coremltools.TensorType(name="picture", shape=picture.shape)
    coremltools.convert(traced, inputs=[given]).save(str(folder / "derain.mlpackage"))


def _tool(words: list[str], folder: Path) -> None:
    """A converter that came with a package, from this environment."""
    program = Path(sys.executable).with_name(words[0])
    done = subprocess.run([program, *words[1:]], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {(done.stderr or done.stdout).strip()[-200:]}")


RUNTIMES: dict[str, tuple[str, str, Run]] = {
    "ONNX Runtime": ("onnxruntime", "any size", onnxruntime),
    "ONNX Runtime, float16": ("onnxruntime", "any size", onnxruntime_half),
    "OpenVINO": ("openvino", "any size", openvino),
    "OpenCV DNN": ("opencv-python-headless", "one size", opencv),
    "ncnn": ("ncnn", "one size, by pnnx", ncnn),
    "MNN": ("MNN", "one size, by mnnconvert", mnn),
    "Core ML": ("coremltools", "`load_torch`, traced", coreml),
}
"""Name -> the package that must be installed, what it is given, how it runs."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["fast", "base"])
    parser.add_argument("--size", default="384x256", help="WIDTHxHEIGHT of the picture")
    parser.add_argument("--only", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    cut = np.ascontiguousarray(np.asarray(Image.open(EXAMPLE).convert("RGB"))[:height, :width])
    picture = np.divide(cut, 255, dtype=np.float32).transpose(2, 0, 1)[None].copy()
    failed = False
    print("| runtime | given | model | largest difference | mean difference |")
    print("|---|---|---|---|---|")
    for name in options.only:
        package, given, run = RUNTIMES[name]
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(f"{name}: not installed ({package})", file=sys.stderr)
            continue
        for model in options.models:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    clean = run(model, picture, Path(folder))
                except Exception as error:  # noqa: BLE001 - whatever a foreign runtime says
                    told, failed = f"fails: {str(error).splitlines()[0]} |", True
                else:
                    told = "converted, not run |" if clean is None else _told(clean, model, cut)
            print(f"| {name} {version} | {given} | `{model}` | {told} |", flush=True)
    return int(failed)


def _told(clean: Planes, model: str, cut: NDArray[np.uint8]) -> str:
    pixels = np.rint(clean[0].transpose(1, 2, 0) * np.float32(255))
    difference = np.abs(pixels - Derainer(model)(cut))
    return f"{difference.max():.0f} | {difference.mean():.4f}"


if __name__ == "__main__":
    raise SystemExit(main())
