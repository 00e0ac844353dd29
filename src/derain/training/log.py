"""What a run leaves to read: a JSONL log, TensorBoard and sample pictures."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.tensorboard.writer import SummaryWriter

from derain.training.validation import Scored


class RunLog:
    """Writes ``log.jsonl``, ``tensorboard/`` and ``samples/`` of one run.

    Args:
        folder: The run's folder.
        start: Step the run starts or resumes at; later lines of an earlier try are dropped.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "log.jsonl"
        if self._path.exists():
            kept = [line for line in self._path.read_text().splitlines() if _before(line, start)]
            self._path.write_text("".join(f"{line}\n" for line in kept))
        self._file = self._path.open("a")
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=start)

    def write(self, kind: str, step: int, values: dict[str, Any]) -> None:
        """One line, and its numbers as TensorBoard scalars."""
        line = {"kind": kind, "step": step, "time": round(time.time(), 3), **values}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        for name, value in values.items():
            if isinstance(value, int | float):
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def sample(self, step: int, item: Scored) -> None:
        """Rainy, restored and clean side by side, as PNG and in TensorBoard."""
        sheet = np.concatenate([item.rainy, item.restored, item.clean], axis=1)
        self.sheet(step, f"{item.source}/{item.name}", sheet)

    def sheet(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture, as PNG and in TensorBoard; the newest replaces the one before."""
        path = self.folder / "samples" / f"{name.replace('/', '-')}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
        self._board.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush and close the files."""
        self._file.close()
        self._board.close()


def _before(line: str, start: int) -> bool:
    try:
        return int(json.loads(line)["step"]) <= start
    except (ValueError, KeyError, TypeError):
        return False
