"""What was computed, one line a picture or clip: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from derain.errors import DatasetError
from derain.files import explain_os_error

_OF_CLIPS = ("frames", "curves")


@dataclass(frozen=True)
class Record:
    """One picture or clip through one method.

    Attributes:
        model: The method's label.
        fingerprint: The method's; another one makes the record stale.
        dataset, kind, name: The picture.
        sums: sha256 of its files; of a clip of its rainy frames, and of its true ones.
        scored: What was scored; another set of scores makes the record stale.
        width, height: In pixels.
        seconds: Wall time of the restoration.
        peak_bytes: Highest resident memory of the method's process so far.
        scores: Score -> value; empty after an error.
        error: Why there are none.
        frames: How many; 1 for a picture.
        curves: Score -> value of each frame of a clip.
    """

    model: str
    fingerprint: str
    dataset: str
    kind: str
    name: str
    sums: tuple[str, ...]
    scored: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    peak_bytes: int | None = None
    scores: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    frames: int = 1
    curves: dict[str, list[float]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        """Two records of one key say the same."""
        return (
            self.model, self.fingerprint, self.dataset, self.kind, self.name, self.sums, self.scored
        )  # fmt: skip


def _values(record: Record) -> dict[str, Any]:
    """What a line holds; a picture's is as it was before there were clips."""
    values = asdict(record)
    return values if record.curves else {k: v for k, v in values.items() if k not in _OF_CLIPS}


class RecordFile:
    """A file of records that only grows; a line torn by a crash is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Iterator[Record]:
        """All whole records, in the order they were made."""
        if not self._path.is_file():
            return
        for line in self._path.read_text().splitlines():
            try:
                values = json.loads(line)
                values["sums"] = tuple(values["sums"])
                yield Record(**values)
            except ValueError:
                continue  # the last line of a run that was killed
            except (TypeError, KeyError) as error:
                raise DatasetError(
                    f"{self._path}: records of another version ({error}); delete it"
                ) from error

    def append(self, record: Record) -> None:
        """Add one record and see it on the disk."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                torn = file.tell() and not self._ends_line()
                file.write(b"\n" * bool(torn) + json.dumps(_values(record)).encode() + b"\n")
                file.flush()
        except OSError as error:
            raise explain_os_error(error, self._path) from error

    def _ends_line(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) == b"\n"
