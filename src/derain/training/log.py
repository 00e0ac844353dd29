"""What a run leaves to read: a JSONL log, sample pictures, and curves with TensorBoard."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.media.compared import side_by_side
from derain.training.validation import Scored

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

_LONGEST = 200  # bytes of a sample's name; file systems hold 255


class RunLog:
    """Writes ``log.jsonl`` and ``samples/`` of one run.

    ``tensorboard/`` has the same numbers and pictures once more, where the extra ``tensorboard`` is
    installed; no run needs it.

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
        self._board = _board(folder / "tensorboard", start)

    def write(self, kind: str, step: int, values: dict[str, Any]) -> None:
        """One line, and its numbers as scalars of TensorBoard."""
        line = {"kind": kind, "step": step, "time": round(time.time(), 3), **values}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._board is None:
            return
        for name, value in values.items():
            if isinstance(value, int | float):
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def sample(self, step: int, item: Scored) -> None:
        """Rainy, restored and clean side by side, as PNG and in TensorBoard."""
        shown = side_by_side(item.rainy, item.restored, item.clean)
        self.sheet(step, f"{item.source}/{item.name}", shown)

    def sheet(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture, as PNG and in TensorBoard; the newest replaces the one before."""
        path = self.folder / "samples" / f"{_flat(name)}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
        if self._board is not None:
            self._board.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush and close the files."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _flat(name: str) -> str:
    """A path as the name of one file, short enough for any file system."""
    flat = name.replace("/", "-")
    if len(flat.encode()) <= _LONGEST:
        return flat
    start = flat.encode()[: _LONGEST - 9].decode(errors="ignore")
    return f"{start}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _board(folder: Path, start: int) -> SummaryWriter | None:
    """TensorBoard's writer, None where it is not installed."""
    try:
        from torch.utils.tensorboard.writer import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=start)


def _before(line: str, start: int) -> bool:
    try:
        return int(json.loads(line)["step"]) <= start
    except (ValueError, KeyError, TypeError):
        return False
