"""One picture of a set: how it is read, derained by a method, kept and scored."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.data import Pair, read_rgb
from derain.errors import DatasetError, DerainError, InvalidImageError
from derain.evaluation.item import Example, Scored
from derain.evaluation.methods import Method, Task
from derain.evaluation.views import View
from derain.files import atomic_write
from derain.metrics import Kind, Scorer

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class PictureItem:
    """One picture of a set.

    Attributes:
        name: Unique within the set.
        files: The files it is read from.
        pair: Its pair; None without ground truth.
        view: How it is seen; None for as it is.
    """

    name: str
    files: tuple[Path, ...]
    pair: Pair | None = None
    view: View | None = None

    def load(self) -> tuple[Pixels, Pixels | None]:
        """The rainy picture and the clean one where there is one.

        Raises:
            DatasetError: They cannot be read, or are too small for the view.
        """
        rainy, clean = self.pair.load() if self.pair else (read_rgb(self.files[0]), None)
        if self.view is None:
            return rainy, clean
        try:
            return self.view(rainy), None if clean is None else self.view(clean)
        except InvalidImageError as error:
            raise DatasetError(f"{self.files[0]}: {error}") from error

    def sums(self, digest: Callable[[Path], str]) -> tuple[str, ...]:
        """A digest of each file."""
        return tuple(map(digest, self.files))

    def place(self, folder: Path) -> Path:
        """The PNG of its result."""
        return folder / f"{self.name}.png"

    def kept(self, out: Path) -> int:
        """1 where that is there."""
        return int(out.is_file())

    def restore(self, method: Method, dataset: str, out: Path) -> float:
        """Derain it into ``out``, and say how many seconds the method took."""
        rainy, _ = self.load()
        task = Task(dataset, self.name, rainy, self.view.name if self.view else "")
        began = time.perf_counter()
        restored = method.restore(task)
        seconds = time.perf_counter() - began
        if restored.shape != rainy.shape:
            raise DerainError(
                f"the result's shape is {restored.shape}, the picture's {rainy.shape}"
            )
        write_png(restored, out)
        return seconds

    def score(self, scorer: Scorer, kind: Kind, out: Path) -> Scored:
        """Score what lies in ``out``."""
        rainy, clean = self.load()
        height, width = rainy.shape[:2]
        return Scored(width, height, scorer.score(kind, rainy, clean, read_rgb(out)))

    def example(self, out: Path, curves: Mapping[str, Sequence[float]]) -> Example:
        """The whole picture."""
        return Example(self.name, *self.load(), read_rgb(out))


def write_png(pixels: Pixels, path: Path) -> None:
    """Write (H, W, 3) uint8, quickly rather than small; the file is whole or not there."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    atomic_write(path, file.getvalue())
