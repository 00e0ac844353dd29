"""What a run leaves beside its weights: what it is, what it saw, what it reached and cost."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from derain import __version__
from derain.files import atomic_write
from derain.training.config import TrainConfig


def record_start(
    config: TrainConfig,
    origin: str,
    held_out: Mapping[str, Any],
    trained_on: Mapping[str, int],
) -> None:
    """``started.json`` of the first start, and ``config.json`` and ``split.json`` as they are now.

    Args:
        config: The run.
        origin: Where the configuration came from.
        held_out: Source -> names of its pictures that are not trained on.
        trained_on: Source -> number of its pictures that are.
    """
    folder = Path(config.out)
    if not (folder / "started.json").exists():
        started = {"commit": _commit(), "derain": __version__, "config": origin}
        _write(folder / "started.json", started)
    _write(folder / "config.json", config.to_dict())
    _write(folder / "split.json", {"held_out": held_out, "trained_on": trained_on})


def record_end(
    folder: Path, scores: Mapping[str, Any], seconds: float, device: str, skipped: int
) -> None:
    """``scores.json``, by which a run is known to be finished.

    Args:
        folder: The run's.
        scores: Source -> its final scores.
        seconds: That it was trained for, over all starts.
        device: What it was trained on at the end.
        skipped: Steps that were not finite.
    """
    machine = f"{platform.machine()}, {device}"
    threads = f"{torch.get_num_threads()} threads, torch {torch.__version__}"
    cost = {
        "seconds": round(seconds),
        "machine": f"{machine}, {threads}",
        "skipped_steps": skipped,
    }
    _write(folder / "scores.json", {"scores": scores, "cost": cost})


def _write(path: Path, value: Any) -> None:
    atomic_write(path, json.dumps(value, indent=1).encode())


def _commit() -> str:
    """The commit of the working folder, for the record; empty outside a repository."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
