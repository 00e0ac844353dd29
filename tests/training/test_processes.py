"""Two processes train as one would that sees both their batches."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from derain.nn import load_network
from derain.training import TrainConfig, Trainer
from derain.training.batches import BatchSource
from derain.training.dataset import load_data
from tests.training.test_semi import REAL

pytestmark = pytest.mark.slow

Make = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def in_two(
    config: TrainConfig, folder: Path, before: str = "pass"
) -> subprocess.CompletedProcess[str]:
    """Runs it in two processes, whose trainer ``before`` sees first."""
    (folder / "two.json").write_text(json.dumps(config.to_dict()))
    (folder / "two.py").write_text(
        "import json, os; from derain.training import Trainer; "
        "from derain.training.config import config_from_dict; "
        f"values = json.load(open({str(folder / 'two.json')!r})); "
        f"trainer = Trainer(config_from_dict(values), print); {before}; trainer.run()"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(port)]
    return subprocess.run(
        [sys.executable, *command, str(folder / "two.py")],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
    )  # fmt: skip


def test_both_stop_where_one_is_to(make: Make, tmp_path: Path) -> None:
    """A signal reaches them at different steps; the other one would wait for ever."""
    done = in_two(make(), tmp_path, "trainer._stop = os.environ['RANK'] == '1'")
    assert done.returncode == 0, done.stderr
    assert "step 6  pairs" not in done.stdout
    resumed = Trainer(make())
    assert resumed.step == 0 and (resumed.folder / "checkpoints").is_dir()


def test_a_stage_begins_when_the_first_process_has_written_the_one_before(
    make: Make, tmp_path: Path
) -> None:
    """Which validates alone, however long that takes."""
    second = (
        "Trainer(config_from_dict({**values, 'out': values['out'] + '-second', 'init': first}))"
    )
    late = (
        "import time; real = trainer._finish; "
        "trainer._finish = lambda *a: (time.sleep(3 * (os.environ['RANK'] == '0')), real(*a)); "
        "trainer.run(); first = values['out'] + '/network.safetensors'; trainer = " + second
    )
    done = in_two(make(steps=2), tmp_path, late)
    assert done.returncode == 0, done.stderr
    assert Path(make().out + "-second", "scores.json").is_file()


def test_contrasts_are_refused(make: Make, tmp_path: Path) -> None:
    """Each process would train embedders of its own, and keep those of the first alone."""
    done = in_two(make(real=REAL), tmp_path)
    assert done.returncode != 0
    assert "[real] trains in one process" in done.stderr


def test_two_processes_are_one_with_both_their_batches(make: Make, tmp_path: Path) -> None:
    # No average of the weights, so that what the folder keeps is where the last step led.
    changes = {"steps": 4, "optimizer": {"warmup": 2, "ema": 0.0}, "loss": {"ssim": 0.0}}
    two = make(out=str(tmp_path / "two"), **changes)
    done = in_two(two, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("step 4  pairs") == 1  # one of them speaks

    one = Trainer(make(out=str(tmp_path / "one"), **changes))
    pools = load_data(one.config.data, CPU).pools
    halves = [BatchSource(pools, 2, 32, one.config.seed, CPU, rank) for rank in (0, 1)]

    class Both(BatchSource):
        def __call__(self, step: int) -> tuple[Tensor, Tensor]:
            rainy, clean = zip(*(half(step) for half in halves), strict=True)
            return torch.cat(rainy), torch.cat(clean)

    source = Both(pools, 4, 32, one.config.seed, CPU)
    start = {key: value.clone() for key, value in one.network.state_dict().items()}
    for _ in range(4):
        one.train_step(source)
    found = load_network(tmp_path / "two" / "network.safetensors").state_dict()
    expected = one.network.state_dict()
    moved = max(float((expected[key] - start[key]).abs().max()) for key in expected)
    apart = max(float((expected[key] - found[key]).abs().max()) for key in expected)
    assert moved > 1e-4
    assert apart < 0.01 * moved
