"""Pictures side by side: what is made and told is what one after the other gives."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import derain.restore
from derain import Derainer
from derain.cli.main import run
from derain.cli.turns import Turns

Pixels = NDArray[np.uint8]
FAST = ["--model", "fast", "--backend", "onnxruntime", "--threads", "1"]
LOADED = Derainer  # the tests around this one share a single one, which knows no jobs


@pytest.fixture
def folder(save: Callable[..., Path], rainy: Pixels, tmp_path: Path) -> Path:
    """The slowest picture comes first; some fail, one has a result, one loses something."""
    large = np.tile(rainy, (2, 2, 1))[:330, :288]
    save("in/00.png", large)
    for index in range(1, 9):
        save(f"in/{index:02}.{'jpg' if index % 2 else 'png'}", rainy[: 12 * index, index:][:, :90])
    save("in/09.png", large[::-1])
    (tmp_path / "in" / "04-bad.png").write_bytes(b"nonsense")
    save("in/05-deep.tif", rainy[:40, :50])
    (tmp_path / "in" / "06-empty.jpg").touch()
    frames = [Image.fromarray(rainy[i : i + 40, :48]) for i in range(3)]
    frames[0].save(tmp_path / "in" / "05-moving.gif", save_all=True, append_images=frames[1:])
    return tmp_path / "in"


@pytest.mark.parametrize("told_as", [["--json"], ["--save-rain", "--compare"]])
def test_any_number_of_jobs_is_the_same(
    told_as: list[str], folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(derain.restore, "Derainer", LOADED)
    seen = {}
    for jobs in ("1", "4"):
        out = tmp_path / "out"
        out.mkdir()
        (out / "07.jpg").write_bytes(b"mine")
        # Where 28 MiB are all there is, the large ones are cut, and have it to themselves.
        options = ["-o", str(out), "--memory", "28", "--jobs", jobs, *told_as]
        code = run([str(folder), *FAST, *options])
        told = capsys.readouterr()
        files = {path.name: path.read_bytes() for path in out.iterdir()}
        out.rename(tmp_path / f"out{jobs}")
        seen[jobs] = code, re.sub(r"[\d.]+ s\b", "", told.err), _rows(told.out), files
    assert seen["1"] == seen["4"]
    code, errors, rows, files = seen["1"]
    assert code == 1
    assert errors.count("derain: ") == 3
    assert files["07.jpg"] == b"mine"
    assert len(files) >= 11
    if "--json" in told_as:
        names = [Path(str(row["input"])).name for row in rows]
        assert names == sorted(path.name for path in folder.iterdir())


def _rows(out: str) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in out.splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def test_jobs_is_checked(folder: Path, capsys) -> None:
    assert run([str(folder), *FAST, "--jobs", "-1"]) == 2
    assert "--jobs must be at least 0, not -1" in capsys.readouterr().err


def test_told_in_the_order_of_the_tasks() -> None:
    rng, told, turns = random.Random(0), [], Turns()
    left = dict.fromkeys(range(20), 3)
    while left:
        task = rng.choice(sorted(left)[:5])
        turns.tell(task, lambda task=task: told.append(task))
        first = min(left)
        assert told[-1:] == [task] or task != first  # the first one's are told at once
        left[task] -= 1
        if not left[task]:
            del left[task]
            turns.end(task)
    assert told == [task for task in range(20) for _ in range(3)]
