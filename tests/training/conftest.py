"""A small, real training set and run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from derain.training import Trainer
from derain.training.batches import BatchSource
from derain.training.config import TrainConfig, config_from_dict
from derain.training.dataset import load_data


def through_run(config: TrainConfig) -> Path:
    """A run from its first step to its last."""
    folder = Trainer(config).run()
    assert folder is not None
    return folder


def resumed_run(config: TrainConfig) -> Path:
    """The same, stopped and saved after three steps and taken up by another trainer."""
    first, cpu = Trainer(config), torch.device("cpu")
    source = BatchSource(load_data(config.data, cpu).pools, 2, 32, 0, cpu)
    for _ in range(3):
        first.train_step(source)
    first._save()
    second = Trainer(config)
    assert second.step == 3
    folder = second.run()
    assert folder is not None
    return folder


@pytest.fixture(autouse=True)
def fresh_accelerate() -> None:
    """Accelerate keeps one precision a process; tests need several."""
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def make(tmp_path: Path, data_root: Path) -> Callable[..., TrainConfig]:
    """Makes configurations of a tiny run over that data."""

    def _make(**changes: object) -> TrainConfig:
        values: dict[str, object] = {
            "out": str(tmp_path / "run"),
            "steps": 6,
            "batch": 2,
            "patch": 32,
            "preset": "fast",
            "network": {"channels": 8, "rain_blocks": 1, "detail_blocks": 1, "pool_window": 6},
            "precision": "no",
            "device": "cpu",
            "checkpoint_every": 2,
            "log_every": 1,
            "optimizer": {"warmup": 2, "ema": 0.5},
            "validation": {"every": 3, "images": 2, "samples": 1},
            "data": {
                "root": str(data_root),
                "validation_share": 0.3,
                "pairs": [{"name": "pairs", "path": "pairs", "layout": "side-by-side"}],
                "synthesis": [{"name": "rain", "paths": ["clean"], "preset": "light"}],
            },
        }
        values.update(changes)
        return config_from_dict(values)

    return _make
