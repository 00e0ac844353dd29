"""A manifest from end to end: two runs, the second from the first, and the models in use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from derain import Derainer
from derain.cli.main import run
from derain.errors import ConfigError
from derain.export import load_manifest

ROOT = Path(__file__).parents[2]

RUN = """
out = "{root}/runs/{name}"
{init}
steps = {steps}
batch = 2
patch = 32
preset = "fast"
network = {{ channels = 8, rain_blocks = 1, mirrors = {mirrors} }}
precision = "no"
device = "cpu"
[data]
root = "nowhere"
validation_share = 0.3
[[data.pairs]]
name = "pairs"
path = "pairs"
layout = "side-by-side"
"""

MANIFEST = """
licence = "none"
[[runs]]
config = "first.toml"
set = {{ steps = 2 }}
[[runs]]
config = "second.toml"
[[models]]
name = "mine"
run = "{root}/runs/second"
summary = "small"
"""


@pytest.fixture
def manifest(data_root: Path) -> Path:
    init = f'init = "{data_root}/runs/first/network.safetensors"'
    for name, start, mirrors in (("first", "", 1), ("second", init, 2)):
        text = RUN.format(root=data_root, name=name, init=start, steps=3, mirrors=mirrors)
        (data_root / f"{name}.toml").write_text(text)
    (data_root / "release.toml").write_text(MANIFEST.format(root=data_root))
    return data_root / "release.toml"


def test_from_nothing_to_a_model(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = manifest.parent
    command = ["reproduce", str(manifest), "--data", str(root), "--out", str(root / "zoo")]
    assert run(command) == 0
    assert json.loads((root / "runs" / "first" / "config.json").read_text())["steps"] == 2
    card = json.loads((root / "zoo" / "mine.json").read_text())
    assert card["network"]["mirrors"] == 2
    assert card["training"]["starts_from"].endswith("first/network.safetensors")
    picture = np.full((50, 60, 3), 99, np.uint8)
    given = Derainer(str(root / "zoo" / "mine.json"), backend="onnxruntime")(picture)
    assert given.shape == picture.shape
    capsys.readouterr()
    assert run(command) == 0  # finished runs are passed over
    assert capsys.readouterr().out.count("finished before") == 2


def test_what_is_wrong_is_told_before_anything_runs(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, whole = manifest.parent, manifest.read_text()
    for wrong, named in (
        (whole.replace("runs/second", "runs/third"), "third"),
        (whole.replace("second.toml", "first.toml"), "one folder"),
        (whole.replace("second.toml", "none.toml"), "none.toml"),
        (whole.replace("steps = 2", "stops = 2"), "stops"),
        (whole.replace("licence", "license"), "license"),
    ):
        manifest.write_text(wrong)
        assert run(["reproduce", str(manifest), "--out", str(root / "zoo")]) == 13
        assert named in capsys.readouterr().err
    assert not (root / "runs").exists()


def test_the_projects_manifest_is_whole() -> None:
    """Each run starts from, or learns from, what an earlier one leaves."""
    manifest, configs = load_manifest(ROOT / "configs" / "release.toml")
    left: set[str] = set()
    for config in configs:
        for needed in filter(None, (config.init, config.teacher)):
            assert needed in left, config.out
        left.add(f"{config.out}/network.safetensors")
    assert {model.name for model in manifest.models} == {"base", "fast"}
    with pytest.raises(ConfigError):
        load_manifest(ROOT / "configs" / "nothing.toml")
