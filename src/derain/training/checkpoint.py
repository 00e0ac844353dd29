"""Checkpoints that are whole or not there, with a fall-back to the one before."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from derain.errors import TrainingError
from derain.files import atomic_write

_SUM = "sha256.json"
_KEYS = ("network", "ema", "trainer")
PART = 15 * 2**20
"""Bytes of a file at most."""

State = dict[str, Any]


def save_checkpoint(folder: Path, step: int, state: State, keep: int) -> Path:
    """Write ``state`` (keys network, ema, trainer) as ``folder/step-NNNNNNNN`` and drop old ones.

    In files of at most 15 MiB, so that none grows beyond what a short-lived machine can hand back.
    The table of sums is written last: a folder without it, or whose files differ from it, is torn.
    """
    target = folder / f"step-{step:08d}"
    shutil.rmtree(target, ignore_errors=True)
    sums = {}
    for key in _KEYS:
        buffer = io.BytesIO()
        torch.save(state[key], buffer)
        data = buffer.getvalue()
        for part, start in enumerate(range(0, len(data), PART)):
            piece, name = data[start : start + PART], f"{key}.pt.{part:02d}"
            sums[name] = hashlib.sha256(piece).hexdigest()
            atomic_write(target / name, piece)
    atomic_write(target / _SUM, json.dumps(sums, indent=1).encode())
    found = _all(folder)
    # Anything later is a torn rest of the try before this one.
    for old in [path for path in found if path > target]:
        shutil.rmtree(old)
    for old in [path for path in found if path <= target][:-keep]:
        shutil.rmtree(old)
    return target


def load_checkpoint(
    folder: Path, device: torch.device, report: Callable[[str], None]
) -> State | None:
    """The newest whole checkpoint, or None where there is none.

    A torn one is reported and passed over.

    Raises:
        TrainingError: There are checkpoints, and every one is torn.
    """
    found = _all(folder)
    for path in reversed(found):
        try:
            sums = json.loads((path / _SUM).read_text())
            pieces: dict[str, list[bytes]] = {key: [] for key in _KEYS}
            for name in sorted(sums):
                data = (path / name).read_bytes()
                if hashlib.sha256(data).hexdigest() != sums[name]:
                    raise ValueError(f"{name} is not what was written")
                pieces[name.partition(".")[0]].append(data)
            state: State = {}
            for key, parts in pieces.items():
                buffer = io.BytesIO(b"".join(parts))
                state[key] = torch.load(buffer, map_location=device, weights_only=True)
        except (OSError, ValueError, KeyError) as error:
            report(f"{path}: torn checkpoint ({error}); trying the one before")
            continue
        return state
    if found:
        raise TrainingError(f"{folder}: every checkpoint is torn; remove the folder to start anew")
    return None


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*")) if folder.is_dir() else []
