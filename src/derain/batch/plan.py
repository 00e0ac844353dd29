"""Which pictures a run is about, and where each result goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from derain.batch.digests import Digests, digest
from derain.batch.sources import Located, Source
from derain.clips.formats import is_clip
from derain.errors import InputNotFoundError, OutputConflictError, UsageError
from derain.media import SUFFIXES, Format

Shard = tuple[int, int]


@dataclass(frozen=True)
class Task:
    """One picture, and the name of its result in the target."""

    source: Located
    target: str


@dataclass
class Plan:
    """All pictures of a source, or one shard of them, again and again in the same order.

    Args:
        source: Where they come from.
        wanted: The format of all results; None for each picture's own.
        shard: (index, of how many): a picture's shard is a function of its name alone.
        skipped: Names that begin with this are results, not pictures (a target inside the source).
    """

    source: Source
    wanted: Format | None = None
    shard: Shard = (0, 1)
    skipped: str | None = None
    others: Counter[str] = field(default_factory=Counter)
    """Endings of files that are no pictures, after :meth:`check`."""

    def check(self) -> int:
        """Go through all names once, before any work.

        Returns:
            How many pictures the shard has.

        Raises:
            InputNotFoundError: There are none, in any shard.
            OutputConflictError: Two pictures would be written to one name, or one is listed twice.
        """
        total = mine = 0
        # Otherwise every result has the name of its picture, of which no two have one.
        unsure = self.wanted is not None or self.source.may_repeat
        taken = Digests()
        self.others.clear()
        for task in self._all(count=True):
            total += 1
            mine += self._is_mine(task)
            if unsure:
                taken.add(digest(task.target))
        if len(taken) < total and unsure:
            raise self._conflict()
        if not total:
            raise InputNotFoundError(f"{self.source.uri}: holds no pictures")
        return mine

    def _conflict(self) -> OutputConflictError:
        """Names the first two of one target; looked for only where there are two."""
        seen: dict[str, str] = {}
        for task in self._all():
            if other := seen.get(task.target):
                if other == task.source.name:
                    return OutputConflictError(f"{self.source.uri}: names {other} twice")
                return OutputConflictError(
                    f"{other} and {task.source.name} would both be written to {task.target}; "
                    "rename one, or leave --format out"
                )
            seen[task.target] = task.source.name
        raise AssertionError("two names of one digest")

    def __iter__(self) -> Iterator[Task]:
        return (task for task in self._all() if self._is_mine(task))

    def _all(self, count: bool = False) -> Iterator[Task]:
        for file in self.source.files():
            if self.skipped and file.name.startswith(self.skipped):
                continue
            path = PurePosixPath(file.name)
            if path.suffix.lower() not in SUFFIXES:
                if count:
                    self.others[
                        "clips" if is_clip(Path(path)) else path.suffix.lower() or path.name
                    ] += 1
                continue
            if ".." in path.parts:
                raise OutputConflictError(
                    f"{file.name}: would be written outside the target; give its whole path"
                )
            if self.wanted:
                path = path.with_suffix(self.wanted.suffixes[0])
            yield Task(file, str(path))

    def _is_mine(self, task: Task) -> bool:
        index, count = self.shard
        return count == 1 or digest(task.source.name) % count == index


def parse_shard(text: str) -> Shard:
    """``i/n`` with i from 0 to n - 1, as Slurm's and Kubernetes' indices count.

    Raises:
        UsageError: It is nothing of the kind.
    """
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and int(index) < int(count):
        return int(index), int(count)
    raise UsageError(f"--shard must be i/n with i from 0 to n - 1, such as 0/16, not {text}")
