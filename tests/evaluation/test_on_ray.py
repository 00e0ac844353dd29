"""``derain evaluate --ray``: on a cluster of two nodes, the same as without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from derain.cli.main import run
from derain.zoo import load_model

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow

_TIMES, _MEANS = ("seconds", "peak_bytes"), ("seconds_per_mp", "peak_mb")


def found(out: Path) -> list[dict[str, Any]]:
    """The records in an order of their own, without what a clock and a system say."""
    lines = map(json.loads, (out / "records.jsonl").read_text().splitlines())
    kept = [{k: v for k, v in line.items() if k not in _TIMES} for line in lines]
    return sorted(kept, key=lambda line: (line["model"], line["dataset"], line["name"]))


def summary(out: Path) -> list[dict[str, Any]]:
    """The rows of the tables, without the same."""
    report = json.loads((out / "report.json").read_text())
    return [{k: v for k, v in row.items() if k not in _MEANS} for row in report["rows"]]


def test_as_without(cluster: Any, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A card, an ONNX file and finished results, by paths from here; a picture is damaged."""
    cluster.add_node(num_cpus=1)
    Path("pairs/rainy/3.png").write_bytes(b"not a picture")
    shutil.copytree("pairs/clean", "theirs")
    model = load_model("fast")
    for name in (model.card.onnx, model.card.weights, "fast.json"):
        shutil.copy(model.folder / name, name)
    shutil.copy(model.folder / model.card.onnx, "alone.onnx")
    alone = f"alone=alone.onnx:multiple-{model.card.size_multiple}"
    models = ("carded=fast.json", alone, "theirs")
    command = ["evaluate", *models, "--data", "s=pairs", "--real", "r=real"]
    command += ["--backend", "onnxruntime"]
    assert run([*command, "-o", "plain"]) == 1
    plain = capsys.readouterr()
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    assert run([*command, "-o", "rayed", "--ray", cluster.address]) == 1
    rayed = capsys.readouterr()
    assert found(Path("rayed")) == found(Path("plain"))
    assert sum(bool(record["error"]) for record in found(Path("rayed"))) == len(models)
    pictures = [path.relative_to("plain") for path in Path("plain").rglob("*.png")]
    assert len(pictures) == len(models) * (3 + 4)
    for path in pictures:
        assert (Path("rayed") / path).read_bytes() == (Path("plain") / path).read_bytes()
    assert summary(Path("rayed")) == summary(Path("plain"))
    errors = [told.err.replace("rayed", "plain").splitlines() for told in (rayed, plain)]
    assert sorted(errors[0]) == sorted(errors[1])


def test_a_function_stays_here(
    cluster: Any, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "input", "callables:darker", "--data", "s=pairs", "-o", "out"]
    assert run([*command, "--ray", cluster.address]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("derain: callables:darker: a Python function is not sent to a cluster")
    assert not Path("out").exists()
