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
from derain.errors import DatasetError
from derain.files import atomic_write
from derain.training.config import TrainConfig
from derain.training.weights import sums_of_files


def record_start(
    config: TrainConfig,
    origin: str,
    held_out: Mapping[str, Any],
    trained_on: Mapping[str, int],
    resumed: bool,
) -> None:
    """``started.json`` of the first start, ``config.json`` as it is now, and ``split.json``.

    Args:
        config: The run.
        origin: Where the configuration came from.
        held_out: Source -> names of its pictures that are not trained on.
        trained_on: Source -> number of its pictures that are.
        resumed: Whether steps were made before.

    Raises:
        DatasetError: They were made with other pictures held out.
    """
    folder = Path(config.out)
    split = {"held_out": held_out, "trained_on": trained_on}
    if resumed and (folder / "split.json").is_file():
        _refuse_other_split(folder, json.loads(json.dumps(split)))
    # One that made no step began with nothing that is left.
    if not resumed or not (folder / "started.json").exists():
        started = {
            "commit": _commit(),
            "derain": __version__,
            "config": origin,
            "sha256": sums_of_files(config),
        }
        _write(folder / "started.json", started)
    _write(folder / "config.json", config.to_dict())
    _write(folder / "split.json", split)


def _refuse_other_split(folder: Path, now: Mapping[str, Mapping[str, Any]]) -> None:
    before = json.loads((folder / "split.json").read_text())
    for part, sources in now.items():
        for name in sorted({*sources, *before[part]}):
            if sources.get(name) != before[part].get(name):
                raise DatasetError(
                    f"{folder}: the pictures of '{name}' are not those that the run began with, "
                    "and some that were held out may be trained on; bring them back, or give "
                    "another out=FOLDER"
                )


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
