"""Studies: what is refused, a small real one from end to end, and the table's arithmetic."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from research.__main__ import app
from research.ablation import Study, Variant, load_study, plot_cost, run_study, write_tables
from research.ablation.table import interval
from scipy import stats

from derain.cli.exit_codes import exit_code
from derain.cli.main import run
from derain.errors import ConfigError, DatasetError, TrainingError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

STUDY = """
title = "Small"
out = "{out}"
seeds = [0, 1]
real = ["photos"]
photos = 2
[run]
steps = 2
batch = 2
patch = 32
preset = "fast"
network = {{ channels = 8, rain_blocks = 1, detail_blocks = 1, pool_window = 6 }}
precision = "no"
device = "cpu"
validation = {{ every = 100, final = 2, samples = 0 }}
[run.data]
root = "{root}"
validation_share = 0.3
[[run.data.pairs]]
name = "pairs"
path = "pairs"
layout = "side-by-side"
[[run.data.synthesis]]
name = "heavy"
paths = ["clean"]
preset = "heavy"
weight = 0
[[variants]]
name = "rain alone"
set = {{ network = {{ first = "rain", detail_blocks = 0 }} }}
[[variants]]
name = "both"
"""


@pytest.fixture
def study_file(data_root: Path) -> Path:
    path = data_root / "study.toml"
    path.write_text(STUDY.format(out=data_root / "runs", root=data_root))
    return path


def test_a_study_from_end_to_end(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ablate", str(study_file), "--jobs", "2"], app) == 0
    told = capsys.readouterr().out
    folder = study_file.parent / "runs"
    table = (folder / "table.md").read_text()
    assert table in told
    found = json.loads((folder / "table.json").read_text())
    assert {name: sorted(runs) for name, runs in found.items()} == {
        "rain alone": ["0", "1"],
        "both": ["0", "1"],
    }
    scores = found["rain alone"]["0"]
    # The held-out family is measured though not trained on, and so are dry and real photographs.
    assert {"pairs dB", "heavy dB", "rain-free dB", "real removed", "real direction"} <= set(scores)
    assert scores["pairs D dB"] == 0
    config = json.loads((folder / "both" / "seed1" / "config.json").read_text())
    assert config["seed"] == 1 and config["network"]["detail_blocks"] == 1
    assert len(list((folder / "both" / "seed0").glob("real-*.png"))) == 2
    # Once more: everything is there already.
    assert run(["ablate", str(study_file), "--plot"], app) == 0
    assert "4 runs, 4 of them finished before" in capsys.readouterr().out
    drawn = (folder / "cost.svg").read_text()
    assert all(f">{name}</text>" in drawn for name in ("rain alone", "both", "pairs", "heavy"))


def test_a_finished_run_of_another_kind_is_refused(
    study_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables must not mix budgets; what is asked of real photographs alone is measured anew."""
    one = study_file.read_text().replace("seeds = [0, 1]", "seeds = [0]")
    study_file.write_text(one.rpartition("[[variants]]")[0])
    study = load_study(study_file)
    assert run_study(study, 1)
    real = study.folder(study.variants[0], 0) / "real.json"
    assert json.loads(real.read_text())["n"] == 2
    study_file.write_text(study_file.read_text().replace("photos = 2", "photos = 3"))
    assert run(["ablate", str(study_file)], app) == 0
    assert json.loads(real.read_text())["n"] == 3
    study_file.write_text(study_file.read_text().replace("steps = 2", "steps = 3"))
    assert run(["ablate", str(study_file)], app) == exit_code(ConfigError)
    assert "holds a finished run with another 'steps'" in capsys.readouterr().err
    study_file.write_text(study_file.read_text().replace('["photos"]', '["nowhere"]'))
    assert run(["ablate", str(study_file)], app) == exit_code(DatasetError)


def test_a_run_that_fails_is_named_and_the_others_are_kept(study_file: Path) -> None:
    """A cell whose folder cannot be made fails alone."""
    study = replace(load_study(study_file), seeds=(0,))
    blocked = study.folder(study.variants[1], 0)
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where a folder should be")
    with pytest.raises(TrainingError, match="both, seed 0: "):
        run_study(study, 1)
    assert (study.folder(study.variants[0], 0) / "scores.json").is_file()


def test_sigterm_stops_all_runs_and_the_same_command_goes_on(study_file: Path) -> None:
    long = study_file.read_text().replace("steps = 2", "steps = 100000")
    study_file.write_text(long.replace("seeds = [0, 1]", "seeds = [0]"))
    command = [sys.executable, "-m", "research", "ablate", str(study_file), "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    folders = [study_file.parent / "runs" / name / "seed0" for name in ("rain alone", "both")]
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not all((f / "log.jsonl").exists() for f in folders):
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 1
    for folder in folders:
        assert list((folder / "checkpoints").glob("step-*")), "a run was not saved"
    # Nobody goes on in the dark.
    sizes = [(folder / "log.jsonl").stat().st_size for folder in folders]
    time.sleep(1)
    assert sizes == [(folder / "log.jsonl").stat().st_size for folder in folders]


def test_the_interval_is_scipys() -> None:
    for count in (2, 3, 5, 10):
        values = np.random.default_rng(count).normal(size=count).tolist()
        mean, half = interval(values)
        low, high = stats.t.interval(0.95, count - 1, np.mean(values), stats.sem(values))
        assert (mean - half, mean + half) == pytest.approx((low, high), abs=1e-3)


def test_differences_go_seed_by_seed(tmp_path: Path) -> None:
    """Seeds that differ much and variants that differ little, always to one side."""
    variants = (Variant("a"), Variant("b"), Variant("c", against="b"))
    run_ = {"data": {"pairs": [{"name": "p", "path": "p", "layout": "csv"}]}}
    study = Study("Title", str(tmp_path), (0, 1, 2), run_, variants)
    for number, variant in enumerate(variants):
        for seed in study.seeds:
            folder = study.folder(variant, seed)
            folder.mkdir(parents=True)
            luma = 30 + seed * 5 + number * 0.5 + seed * 0.01 * number
            pairs = {"psnr/matlab-y": luma, "coarse/matlab-y": luma - 1}
            final = {"scores": {"p": pairs}, "cost": {"seconds": 60}}
            (folder / "scores.json").write_text(json.dumps(final))
            (folder / "real.json").write_text("{}")
    rows = [line for line in write_tables(study).splitlines() if line.startswith("| ")]
    assert rows[1:5] == [
        "| --- | --- | --- | --- | --- |",
        "| a | 3 | 35.00 | 1.00 | 1.00 |",
        "| b | 3 | 35.51 | 1.00 | 1.00 |",
        "| c | 3 | 36.02 | 1.00 | 1.00 |",
    ]
    with pytest.raises(TrainingError, match="nothing to draw"):
        plot_cost(replace(study, out=str(tmp_path / "other")))
    assert rows[7:] == [
        "| b | a | **+0.51 ± 0.02** | +0.00 ± 0.00 |",
        "| c | b | **+0.51 ± 0.02** | +0.00 ± 0.00 |",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("steps = 2", "stepps = 2"), "variant 'rain alone': unknown key stepps"),
        (("seeds = [0, 1]", "seeds = []"), "at least one"),
        (("seeds = [0, 1]", "seeds = [1, 1]"), "must differ"),
        (('name = "both"', 'name = "a/b"'), "is no name for a variant"),
        (('name = "both"', 'name = "both"\nagainst = "none"'), "names no variant 'none'"),
        (("steps = 2", "steps = 2\nseed = 3"), "run.seed is the study's to give"),
        (('name = "both"', 'name = "both"\nagainst = "both"'), "cannot be held against"),
        (('name = "both"', 'name = "both"\nset = { seed = 3 }'), "seed is the study's to give"),
        (('name = "both"', 'name = "both"\nset = { patch = 33 }'), "variant 'both': patch must be"),
        (('real = ["photos"]', 'real = "photos"'), r"study\.toml: real: should be"),
        (("seeds = [0, 1]", "seeds = 3"), r"study\.toml: "),
        (("title", "titel"), "unknown key titel"),
        (("title =", "title"), "not valid TOML"),
    ],
)
def test_a_wrong_study_is_refused_before_anything_runs(
    study_file: Path, change: tuple[str, str], message: str
) -> None:
    study_file.write_text(study_file.read_text().replace(*change))
    with pytest.raises(ConfigError, match=message):
        load_study(study_file)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "research" / "studies").glob("*/study.toml")), ids=str
)
def test_the_studies_of_this_project_are_whole(path: Path) -> None:
    study = load_study(path)
    for variant in study.variants:
        study.config(variant, 0)
