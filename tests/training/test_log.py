"""What a run leaves to read, with TensorBoard and without."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from derain.training import TrainConfig, Trainer
from derain.training.log import RunLog


@pytest.fixture
def without_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as if it were not installed


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("without_tensorboard")
def test_a_run_needs_no_tensorboard(make: Callable[..., TrainConfig]) -> None:
    folder = Trainer(make(steps=2, log_every=1)).run()
    assert folder is not None
    assert not (folder / "tensorboard").exists()
    assert [line["step"] for line in lines(folder) if line["kind"] == "train"] == [1, 2]
    assert list((folder / "samples").glob("*.png"))


@pytest.mark.usefixtures("without_tensorboard")
def test_later_lines_of_an_earlier_try_are_dropped(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0)
    for step in (1, 2, 3):
        log.write("train", step, {"loss": 1.0})
    log.close()
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write("torn")
    log = RunLog(tmp_path, 2)
    log.write("train", 3, {"loss": 2.0})
    log.close()
    assert [(line["step"], line["loss"]) for line in lines(tmp_path)] == [
        (1, 1.0),
        (2, 1.0),
        (3, 2.0),
    ]


@pytest.mark.usefixtures("without_tensorboard")
def test_long_names_of_pictures(tmp_path: Path) -> None:
    """Each folder and file is short enough for the disk, and all of them together are not."""
    log, pixels = RunLog(tmp_path, 0), np.zeros((4, 4, 3), np.uint8)
    for name in ("a", "b"):
        log.sheet(5, f"pairs/{60 * '雨'}/{60 * '雨'}/{name}", pixels)
    log.close()
    assert len(list((tmp_path / "samples").iterdir())) == 2


@pytest.mark.parametrize("board", [True, False])
def test_a_sheet_is_a_file(board: bool, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if not board:
        request.getfixturevalue("without_tensorboard")
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    log = RunLog(tmp_path, 0)
    log.sheet(5, "source/name", pixels)
    log.close()
    with Image.open(tmp_path / "samples" / "source-name.png") as written:
        assert np.array_equal(np.asarray(written), pixels)
    assert (tmp_path / "tensorboard").exists() is board
