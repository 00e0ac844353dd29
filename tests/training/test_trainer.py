"""A run learns, stops, resumes to the bit, and survives what happens to long runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from derain.errors import ConfigError, DatasetError, OutputConflictError, TrainingError
from derain.locks import held_alone
from derain.nn import load_network
from derain.training import TrainConfig, Trainer, checkpoint
from derain.training.batches import BatchSource, PairPool, SynthesisPool
from derain.training.checkpoint import load_checkpoint, save_checkpoint
from derain.training.clock import Clock
from derain.training.dataset import load_data
from derain.training.objectives import Distillation
from derain.training.resume import is_finished
from tests.training.conftest import resumed_run, through_run

pytestmark = pytest.mark.slow

Make = Callable[..., TrainConfig]
SMALLER = {
    "channels": 4, "rain_blocks": 1, "detail_blocks": 0, "pool_window": 6, "first": "rain",
}  # fmt: skip


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_network(folder / "network.safetensors").state_dict()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[key], b[key]) for key in a) and a.keys() == b.keys()


def newest(folder: Path) -> Path:
    return sorted((folder / "checkpoints").iterdir())[-1]


@pytest.mark.parametrize("precision", ["no", "bf16"])
def test_stopped_and_resumed_is_the_same_to_the_bit(
    make: Make, tmp_path: Path, precision: str
) -> None:
    through, resumed = (
        run(make(out=str(tmp_path / name), precision=precision))
        for name, run in (("a", through_run), ("b", resumed_run))
    )
    assert same(weights(through), weights(resumed))
    # The optimiser, the average and the counters too, not only the result.
    states = [
        {n: torch.load(newest(f) / f"{n}.pt.00", weights_only=True) for n in ("ema", "trainer")}
        for f in (through, resumed)
    ]
    assert same(states[0]["ema"], states[1]["ema"])
    adam = [s["trainer"]["optimizers"][0]["state"] for s in states]
    assert all(same(adam[0][key], adam[1][key]) for key in adam[0])


def test_other_pictures_are_no_more_the_run(make: Make, data_root: Path) -> None:
    """What was held out could be trained on then, and the card would not know."""
    folder = Trainer(make()).run()
    assert folder is not None
    (folder / "scores.json").unlink()
    assert Trainer(make()).run() == folder
    (folder / "scores.json").unlink()
    (data_root / "clean" / "another.png").write_bytes((data_root / "clean" / "0.png").read_bytes())
    with pytest.raises(DatasetError, match="the pictures of 'rain' are not those"):
        Trainer(make()).run()


def test_the_log_tells_the_run(make: Make) -> None:
    folder = Trainer(make()).run()
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "train"] == [1, 2, 3, 4, 5, 6]
    kinds = {line["kind"] for line in lines}
    assert kinds == {"train", "validation/pairs", "validation/rain", "validation/rain-free"}
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["scores"]["pairs"]["n"] >= 1
    assert list((folder / "samples").glob("*.png"))
    assert list((folder / "tensorboard").glob("events*"))
    split = json.loads((folder / "split.json").read_text())
    assert split["held_out"]["pairs"]
    assert split["trained_on"]["pairs"] + len(split["held_out"]["pairs"]) == 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hup"])
def test_a_signal_saves(make: Make, tmp_path: Path, number: signal.Signals) -> None:
    config = make(steps=100_000, checkpoint_every=50_000)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()))
    code = (
        "import json, sys; from derain.training.config import config_from_dict\n"
        "from derain.training import Trainer\n"
        f"config = config_from_dict(json.load(open({str(tmp_path / 'config.json')!r})))\n"
        "print(Trainer(config, lambda s: print(s, flush=True)).run())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    log, deadline = Path(config.out) / "log.jsonl", time.monotonic() + 120
    while time.monotonic() < deadline and not (log.exists() and log.stat().st_size):
        time.sleep(0.1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0  # the library's; the command gives 143
    assert "stopped at step" in out
    trainer = torch.load(newest(Path(config.out)) / "trainer.pt.00", weights_only=True)
    assert f"stopped at step {trainer['step']};" in out


def test_a_time_limit_stops_the_run_saved(make: Make) -> None:
    config = make(steps=100_000, time_limit=1e-6)
    assert Trainer(config).run() is None
    assert Trainer(config).step >= 1


def test_a_torn_checkpoint_falls_back(make: Make) -> None:
    config = make()
    folder = Trainer(config).run()
    assert folder is not None
    last = newest(folder)
    data = (last / "trainer.pt.00").read_bytes()
    (last / "trainer.pt.00").write_bytes(data[: len(data) // 2])
    told: list[str] = []
    again = Trainer(config, told.append)
    assert again.step == 4
    assert any("torn" in line for line in told)
    for whole in (folder / "checkpoints").iterdir():
        (whole / "sha256.json").unlink()
    with pytest.raises(TrainingError, match="every checkpoint is torn"):
        Trainer(config)


def test_a_torn_checkpoint_takes_nobodys_place(make: Make) -> None:
    config = make(keep=1)
    folder = Trainer(config).run()
    assert folder is not None
    torn = folder / "checkpoints" / "step-00000099"
    torn.mkdir()
    (torn / "network.pt.00").write_bytes(b"half")
    again = Trainer(config)
    again._save()
    assert [p.name for p in (folder / "checkpoints").iterdir()] == ["step-00000006"]
    assert Trainer(config).step == 6


def test_what_a_run_goes_on_from_is_not_written_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before its first step, and killed while it writes, it would lose it."""
    Trainer(make(steps=4, keep=1, optimizer={"schedule": "constant"})).run()
    again = Trainer(make(keep=1, optimizer={"schedule": "constant"}))
    again._stop = True
    monkeypatch.setattr(checkpoint, "save_checkpoint", None)
    assert again.run() is None
    assert Trainer(make(keep=1, optimizer={"schedule": "constant"})).step == 4


def test_a_start_that_made_no_step_is_forgotten(make: Make, tmp_path: Path) -> None:
    """Its weights may be others by now, and those are what the run has learned from."""
    folder = Trainer(make(steps=1)).run()
    assert folder is not None
    start = tmp_path / "start.safetensors"
    start.write_bytes((folder / "network.safetensors").read_bytes())
    config = make(out=str(tmp_path / "next"), init=str(start), steps=1)
    first = Trainer(config)
    loaded = load_data(config.data, torch.device("cpu"))
    log = first._start_log(loaded)  # and there it ended
    log.close()
    other = Trainer(make(out=str(tmp_path / "other"), seed=9, steps=1)).run()
    assert other is not None
    start.write_bytes((other / "network.safetensors").read_bytes())
    assert Trainer(config).run() is not None
    assert is_finished(config)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_steps_that_are_not_finite_are_passed_over(make: Make, norm: str) -> None:
    config = make(max_bad_steps=2, network={**SMALLER, "detail_blocks": 1, "norm": norm})
    trainer = Trainer(config)
    good = BatchSource(
        load_data(config.data, torch.device("cpu")).pools, 2, 32, 0, torch.device("cpu")
    )

    def bad(step: int) -> tuple[torch.Tensor, torch.Tensor]:
        rainy, clean = good(step)
        return rainy * float("nan"), clean

    trainer.train_step(good)
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.train_step(bad)  # type: ignore[arg-type]
    assert same(before, trainer.network.state_dict())
    assert trainer.skipped == 1
    trainer.train_step(good)
    assert not same(before, trainer.network.state_dict())
    trainer.train_step(bad)  # type: ignore[arg-type]
    trainer.train_step(bad)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="not finite"):
        trainer.train_step(bad)  # type: ignore[arg-type]


def test_one_batch_is_learned_by_heart(make: Make) -> None:
    """The whole chain of gradients works: loss on one batch falls to a fraction."""
    config = make(
        steps=150,
        optimizer={"rate": 3e-3, "warmup": 5, "clip": 1.0, "final_share": 0.1},
        network={"channels": 16, "rain_blocks": 2, "detail_blocks": 2, "pool_window": 6},
    )
    trainer = Trainer(config)
    source = BatchSource(
        load_data(config.data, torch.device("cpu")).pools, 2, 32, 0, torch.device("cpu")
    )
    one = source(0)
    losses = [float(trainer.train_step(lambda _: one)["clean"]) for _ in range(150)]  # type: ignore[arg-type, return-value]
    assert losses[-1] < 0.3 * losses[0]
    with torch.no_grad():
        layers = trainer.network.eval()(one[0])
    assert float(layers.detail.abs().mean()) > 1e-3, "the detail branch is dead"


def test_another_run_in_the_folder_is_refused(make: Make) -> None:
    Trainer(make()).run()
    with pytest.raises(ConfigError, match="'seed'"):
        Trainer(make(seed=5))
    assert Trainer(make(log_every=3)).step == 6


def test_starting_from_a_weight_file(make: Make, tmp_path: Path) -> None:
    first = Trainer(make()).run()
    assert first is not None
    init = str(first / "network.safetensors")
    trainer = Trainer(make(out=str(tmp_path / "b"), init=init, init_branches=["rain"]))
    source = load_network(first / "network.safetensors")
    assert same(trainer.network.rain.state_dict(), source.rain.state_dict())
    assert not same(trainer.network.detail.state_dict(), source.detail.state_dict())
    with pytest.raises(ConfigError, match="another network"):
        Trainer(make(out=str(tmp_path / "c"), init=init, network={"channels": 12}))


def test_held_out_scenes_are_not_trained_on(make: Make) -> None:
    """The clean photographs are mirrored, so only their own names may be split; pairs by scene."""
    config = make()
    loaded = load_data(config.data, torch.device("cpu"))
    held = {clean.tobytes() for _, _, clean in loaded.held_pairs["pairs"]}
    for _, clean in loaded.pools[0].pairs:  # type: ignore[union-attr]
        assert clean.permute(1, 2, 0).contiguous().numpy().tobytes() not in held


def test_command(make: Make, tmp_path: Path) -> None:
    """``derain train`` and ``derain export`` as a user runs them, and the model in use."""
    import numpy as np

    from derain import Derainer

    toml = tmp_path / "run.toml"
    toml.write_text(
        f'out = "{tmp_path}/r"\nsteps = 2\nbatch = 2\npatch = 32\npreset = "fast"\n'
        'precision = "no"\n[network]\nchannels = 8\nrain_blocks = 1\ndetail_blocks = 1\n'
        "pool_window = 6\n"
        f'[data]\nroot = "{tmp_path}"\nvalidation_share = 0.3\n'
        '[[data.pairs]]\nname = "p"\npath = "pairs"\nlayout = "side-by-side"\n'
    )
    env = {**os.environ, "PYTHONWARNINGS": "default"}

    def derain(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "derain", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    done = derain("train", str(toml), "steps=3", "optimizer.rate=1e-4")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "r" / "config.json").read_text())["steps"] == 3
    words = "export", str(tmp_path / "r"), "--name", "mine", "--out", str(tmp_path / "zoo")
    done = derain(*words)
    assert done.returncode == 0, done.stderr
    for file in ("mine.onnx", "mine.safetensors", "mine.json"):
        (tmp_path / "zoo" / file).unlink()
    done = derain(*words)  # any of its files is in the way
    assert done.returncode == 7
    assert "mine.md: exists already; add --overwrite" in done.stderr
    done = derain(*words, "--overwrite")
    assert done.returncode == 0, done.stderr
    picture = np.full((50, 60, 3), 99, np.uint8)
    result = Derainer(str(tmp_path / "zoo" / "mine.json"), backend="onnxruntime")(picture)
    assert result.shape == picture.shape
    done = derain("train", str(toml), "stepz=3")
    assert done.returncode == 13
    assert "stepz" in done.stderr
    assert "Traceback" not in done.stderr
    done = derain("export", str(tmp_path), "--name", "other", "--out", str(tmp_path / "zoo"))
    assert done.returncode == 16


def test_no_file_of_a_checkpoint_is_large(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Cut into parts and read back to the bit; a part that is missing makes it torn."""
    monkeypatch.setattr(checkpoint, "PART", 1000)
    tensors = {"a": torch.rand(700), "b": torch.rand(3)}
    state = {"network": tensors, "ema": {}, "trainer": {"step": 7}}
    folder = save_checkpoint(tmp_path / "parts", 7, state, keep=1)
    sizes = [path.stat().st_size for path in folder.glob("*.pt.*")]
    assert len(sizes) > 4 and max(sizes) <= 1000
    loaded = load_checkpoint(tmp_path / "parts", torch.device("cpu"), print)
    assert loaded is not None and loaded["trainer"] == {"step": 7}
    assert all(torch.equal(loaded["network"][name], tensors[name]) for name in tensors)
    (folder / "network.pt.01").unlink()
    with pytest.raises(TrainingError, match="every checkpoint is torn"):
        load_checkpoint(tmp_path / "parts", torch.device("cpu"), print)


def test_a_pupil_learns_from_its_teacher(make: Make, tmp_path: Path) -> None:
    teacher = Trainer(make(out=str(tmp_path / "teacher"))).run()
    assert teacher is not None
    file = str(teacher / "network.safetensors")
    pupil = Trainer(make(out=str(tmp_path / "pupil"), teacher=file, network=SMALLER))
    before = load_network(teacher / "network.safetensors").state_dict()
    folder = pupil.run()
    assert folder is not None
    alone = Trainer(make(out=str(tmp_path / "alone"), network=SMALLER)).run()
    assert alone is not None
    assert not same(weights(folder), weights(alone))
    unheard = make(
        out=str(tmp_path / "unheard"), network=SMALLER, teacher=file, loss={"teacher": 0.0}
    )
    assert "distillation" not in Trainer(unheard).objectives
    distillation = pupil.objectives["distillation"]
    assert isinstance(distillation, Distillation)
    assert same(distillation.teacher.state_dict(), before)
    rainy = torch.rand(1, 3, 32, 32)
    network = load_network(teacher / "network.safetensors").train()
    with torch.no_grad():
        torch.testing.assert_close(distillation.taught(rainy), network(rainy).clean)
    with pytest.raises(ConfigError, match=r"teacher=missing\.safetensors: no such"):
        Trainer(make(out=str(tmp_path / "other"), teacher="missing.safetensors"))


def test_branches_that_a_start_does_not_have(make: Make, tmp_path: Path) -> None:
    whole = Trainer(make(out=str(tmp_path / "whole"))).run()
    rain = Trainer(make(out=str(tmp_path / "rain"), network={**SMALLER, "channels": 8})).run()
    assert whole is not None and rain is not None
    from_rain = str(rain / "network.safetensors")
    again = Trainer(
        make(out=str(tmp_path / "again"), network={**SMALLER, "channels": 8}, init=from_rain)
    )
    assert same(again.network.state_dict(), weights(rain))
    with pytest.raises(ConfigError, match="has no detail branch"):
        Trainer(make(out=str(tmp_path / "more"), init=from_rain))
    less = {**SMALLER, "channels": 8}
    start = str(whole / "network.safetensors")
    with pytest.raises(ConfigError, match="this run's network has no detail branch"):
        Trainer(make(out=str(tmp_path / "less"), network=less, init=start))


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_frozen_branch_does_not_move(make: Make, tmp_path: Path, norm: str) -> None:
    network = {"channels": 8, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6, "norm": norm}
    trainer = Trainer(make(network=network, frozen=["rain"]))
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    assert trainer.run()
    after = trainer.network.state_dict()
    moved = {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])}
    assert moved == {"detail"}
    with pytest.raises(ConfigError, match="leaves nothing to train"):
        make(network={**network, "first": "rain", "detail_blocks": 0}, frozen=["rain"])


def test_channels_with_wrong_gradients_are_refused(make: Make) -> None:
    """oneDNN's bfloat16 gradients of dilated convolutions are right up to 16 and for multiples."""
    network = {
        "pool_window": 6,
        "channels": 24,
        "rain_blocks": 1,
        "detail_blocks": 1,
        "detail_channels": 0,
    }
    with pytest.raises(ConfigError, match=r"24 channels, above 16 and no multiple of it"):
        Trainer(make(network=network, precision="bf16"))
    for changed in ({"channels": 16}, {"dilations": [1]}, {"first": "rain", "detail_blocks": 0}):
        Trainer(make(network={**network, **changed}, precision="bf16"))


def test_a_source_of_weight_0_is_held_out_whole(make: Make, data_root: Path) -> None:
    data = {
        "root": str(data_root),
        "validation_share": 0.3,
        "pairs": [{"name": "pairs", "path": "pairs", "layout": "side-by-side", "weight": 0}],
        "synthesis": [{"name": "rain", "paths": ["clean"], "preset": "light"}],
    }
    folder = Trainer(make(data=data)).run()
    assert folder is not None
    assert json.loads((folder / "split.json").read_text())["trained_on"]["pairs"] == 0
    assert "pairs" in json.loads((folder / "scores.json").read_text())["scores"]
    data["synthesis"][0]["weight"] = 0  # type: ignore[index]
    with pytest.raises(ConfigError, match="must not all be 0"):
        make(data=data)


def test_pairs_lend_their_rain(make: Make, data_root: Path, tmp_path: Path) -> None:
    """Only what is trained on is lent, as the grey layer that was added."""
    (tmp_path / "streaks").mkdir()
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(tmp_path / "streaks" / "0.png")
    data = {
        "root": str(data_root),
        "validation_share": 0.3,
        "pairs": [{"name": "pairs", "path": "pairs", "layout": "side-by-side"}],
        "synthesis": [
            {
                "name": "rain", "paths": ["clean"], "preset": "wide", "streaks": "streaks",
                "lenders": ["pairs"],
            }
        ],
    }  # fmt: skip
    loaded = load_data(make(data=data).data, torch.device("cpu"))
    pairs, rained = loaded.pools
    assert isinstance(pairs, PairPool) and isinstance(rained, SynthesisPool)
    lent = rained.synthesizer.extracted
    assert len(lent) == len(pairs.pairs) < 8
    for layer, (rainy, clean) in zip(lent, pairs.pairs, strict=True):
        assert torch.equal(layer.int(), (rainy.int() - clean.int()).amax(0))
    data["synthesis"][0]["lenders"] = ["nobody"]  # type: ignore[index]
    with pytest.raises(ConfigError, match="nobody"):
        make(data=data)


def test_two_runs_in_one_folder_are_kept_apart(make: Make) -> None:
    config = make()
    out = Path(config.out)
    with (
        held_alone(out / ".lock", out),
        pytest.raises(OutputConflictError, match="another process"),
    ):
        Trainer(config).run()
    assert Trainer(config).run() is not None


def test_time_left_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock(0)
    now += 50
    assert clock.due(10, 90) == ""
    now += 50
    assert clock.due(10, 90) == "15 min left"
    assert clock.due(11, 89) == ""
    now += 100
    assert clock.due(10, 900) == "5 h 0 min left"
