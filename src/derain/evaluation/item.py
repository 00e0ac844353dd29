"""What is measured, whatever it is: a picture or a clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from derain.evaluation.methods import Method
from derain.metrics import Kind, Scorer

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Scored:
    """What was measured of one result.

    Attributes:
        width, height: In pixels.
        scores: Score -> value.
        frames: How many; 1 for a picture.
        curves: Score -> value of each frame of a clip, of metrics that keep theirs.
    """

    width: int
    height: int
    scores: dict[str, float]
    frames: int = 1
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """What a report shows of a result: a picture, or a clip's worst frame; (H, W, 3) uint8 each."""

    name: str
    rainy: Pixels
    clean: Pixels | None
    restored: Pixels


class Item(Protocol):
    """One picture or clip of a set."""

    @property
    def name(self) -> str:
        """Unique within the set."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files it is read from."""
        ...

    def sums(self, digest: Callable[[Path], str]) -> tuple[str, ...]:
        """What changes when a file does, by a digest of each."""
        ...

    def place(self, folder: Path) -> Path:
        """Where its result lies, in the folder of the set's results."""
        ...

    def kept(self, out: Path) -> int:
        """How many frames of its result are there; a picture has one."""
        ...

    def restore(self, method: Method, dataset: str, out: Path) -> float:
        """Put its result there, and say how many seconds the method took."""
        ...

    def score(self, scorer: Scorer, kind: Kind, out: Path) -> Scored:
        """Score the result."""
        ...

    def example(self, out: Path, curves: Mapping[str, Sequence[float]]) -> Example:
        """What is shown of the result."""
        ...
