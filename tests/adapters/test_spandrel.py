"""What spandrel loads: a network of five layers, saved on the spot, and files it cannot load.

spandrel asks for torchvision, which nothing here needs and which is not installed for it: what it
imports of it stands in for it in processes of these tests alone. Where spandrel is missing the
tests say how to have it.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from derain.adapters import SpandrelDerainer
from derain.errors import ModelNotFoundError

Pixels = NDArray[np.uint8]

needs_spandrel = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("spandrel", "einops")),
    reason="needs spandrel, without torchvision: pip install --no-deps spandrel einops",
)

# PICTURE FILE...: a line on each file, and its result beside it.
RUN = """
import sys
import numpy as np
from derain.adapters import foreign_derainer
from derain.errors import DerainError

image = np.load(sys.argv[1])
for path in sys.argv[2:]:
    try:
        derain = foreign_derainer(path)
        np.save(f"{path}.npy", derain(image))
        print(derain.about)
    except DerainError as error:
        print(f"{type(error).__name__}: {error}")
"""


def five_layers(channels: int = 3) -> nn.Sequential:
    """A small DnCNN (Zhang et al., 2017), which gives what is to be taken away.

    spandrel knows it by the names of its weights.
    """
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(8, channels, 3, padding=1)).eval()


def save(path: Path, network: nn.Module) -> Path:
    weights = {f"model.{name}": value for name, value in network.state_dict().items()}
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(weights, path)
    else:
        torch.save(weights, path)
    return path


@pytest.fixture
def stand_in(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds an empty torchvision."""
    folder = tmp_path / "stand-in" / "torchvision"
    (folder / "transforms").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "transforms" / "__init__.py").touch()
    (folder / "transforms" / "functional.py").write_text(
        "InterpolationMode = rotate = normalize = None\n"
    )
    paths = [str(folder.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def said_of(paths: list[Path], image: Pixels, environment: dict[str, str]) -> list[str]:
    """What a process of its own says of each file; results lie beside them."""
    given = paths[0].parent / "given.npy"
    np.save(given, image)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(given), *map(str, paths)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_spandrel
def test_a_network_of_five_layers(
    tmp_path: Path, photos: list[Pixels], stand_in: dict[str, str]
) -> None:
    """Against the same network in plain PyTorch."""
    network, image = five_layers(), photos[0][:45, :62]
    paths = [save(tmp_path / f"five{suffix}", network) for suffix in (".pth", ".safetensors")]
    assert said_of(paths, image, stand_in) == [f"DnCNN from {path}" for path in paths]
    rainy = torch.from_numpy(np.moveaxis(image, 2, 0)[None].copy()) / 255
    with torch.no_grad():
        expected = (rainy - network(rainy))[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255
    for path in paths:
        got = np.load(f"{path}.npy")
        assert got.shape == image.shape and got.dtype == np.uint8
        assert np.abs(got - expected).max() <= 0.51
        assert np.abs(got.astype(int) - image).max() > 5  # it does something


@needs_spandrel
def test_it_takes_part_in_an_evaluation(tmp_path: Path, stand_in: dict[str, str]) -> None:
    save(tmp_path / "five.pth", five_layers())
    for role in ("rainy", "clean"):
        (tmp_path / "pairs" / role).mkdir(parents=True)
        noise = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "pairs" / role / "0.png")
    done = subprocess.run(
        [sys.executable, "-m", "derain", "evaluate", "five.pth", "--data", "s=pairs", "-o", "out"],
        cwd=tmp_path, env=stand_in, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["methods"]["five"]["about"] == "DnCNN from five.pth"
    assert report["rows"][0]["scores"]["psnr/rgb"]["value"] < 100


@needs_spandrel
def test_what_spandrel_cannot_load(tmp_path: Path, stand_in: dict[str, str]) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    strange = tmp_path / "strange.pth"
    torch.save({"some.weight": torch.zeros(3)}, strange)
    torn = tmp_path / "torn.pth"
    torn.write_bytes(save(tmp_path / "whole.pth", five_layers()).read_bytes()[:500])
    empty = tmp_path / "empty.pth"
    empty.touch()
    forbidden = tmp_path / "forbidden.pth"
    buffer = io.BytesIO()
    pickle.dump(os.getcwd, buffer)
    forbidden.write_bytes(buffer.getvalue())
    grey = save(tmp_path / "grey.pth", five_layers(channels=1))
    bad = [strange, torn, empty, forbidden]
    *lines, last = said_of([*bad, grey], image, stand_in)
    for path, line in zip(bad, lines, strict=True):
        assert line.startswith(f"ModelNotFoundError: {path}: spandrel cannot load it ("), line
    assert last == f"UsageError: {grey}: reads 1 and gives 1 channels, not RGB"
    assert not list(tmp_path.glob("*.pth.npy"))


def test_a_library_that_is_missing_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "five.pth", five_layers())
    folder = tmp_path / "missing" / "spandrel"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('No module named torchvision')\n")
    paths = [str(folder.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    assert said_of([path], np.zeros((40, 40, 3), np.uint8), environment) == [
        f"BackendUnavailableError: {path}: needs spandrel (No module named torchvision): "
        "pip install spandrel"
    ]


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(ModelNotFoundError, match=r"none\.pth: no such file"):
        SpandrelDerainer(Path("none.pth"))
