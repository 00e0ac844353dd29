"""Which pictures and clips a run is about, and where each result goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from derain.batch.digests import Digests, digest
from derain.batch.sources import Located, Source
from derain.clips.extra import HOW
from derain.clips.formats import RENAMED, is_clip, result_name
from derain.errors import InputNotFoundError, OutputConflictError, UsageError
from derain.media import SUFFIXES, Format

Shard = tuple[int, int]

OTHER_CLIPS, _LINKS = "clips", "links to folders"
"""What clips and links are counted as where they are left out."""

_LONGEST = 5  # letters of an ending that is told, with its dot


@dataclass(frozen=True)
class Task:
    """One picture or clip, and the name of its result in the target."""

    source: Located
    target: str

    @property
    def clip(self) -> bool:
        """Whether its name says that it is a clip."""
        return is_clip(Path(self.source.name))


@dataclass
class Plan:
    """All pictures and clips of a source, or one shard of them, again and again in the same order.

    Args:
        source: Where they come from.
        wanted: The format of all pictures' results; None for each picture's own.
        shard: (index, of how many): a picture's shard is a function of its name alone.
        skipped: Names that begin with this are results, not pictures (a target inside the source).
        clips: Whether clips are done, too.
    """

    source: Source
    wanted: Format | None = None
    shard: Shard = (0, 1)
    skipped: str | None = None
    clips: bool = False
    others: Counter[str] = field(default_factory=Counter)
    """Endings of files that are left out, after :meth:`check`."""

    def check(self) -> int:
        """Go through all names once, before any work.

        Returns:
            How many pictures and clips the shard has.

        Raises:
            InputNotFoundError: There are none, in any shard.
            OutputConflictError: Two would be written to one name, or one is listed twice.
        """
        total = mine = unsure = 0
        taken = Digests()
        self.others.clear()
        for task in self._all(count=True):
            total += 1
            mine += self._is_mine(task)
            if self._may_meet(task):
                unsure += 1
                taken.add(digest(task.target))
        if len(taken) < unsure:
            raise self._conflict()
        if not total:
            more = f"; for its clips: {HOW}" if self.others[OTHER_CLIPS] else ""
            more += "; links to folders are not followed" if self.others[_LINKS] else ""
            raise InputNotFoundError(f"{self.source.uri}: holds no pictures{more}")
        return mine

    def _may_meet(self, task: Task) -> bool:
        """Whether another's result may have its result's name; files have one of their own each."""
        if self.source.may_repeat:
            return True
        return task.target.endswith(RENAMED) if task.clip else self.wanted is not None

    def _conflict(self) -> OutputConflictError:
        """Names the first two of one target; looked for only where there are two."""
        seen: dict[str, str] = {}
        for task in self._all():
            if other := seen.get(task.target):
                if other == task.source.name:
                    return OutputConflictError(f"{self.source.uri}: names {other} twice")
                how = "rename one, or leave --format out" if self.wanted else "rename one"
                return OutputConflictError(
                    f"{other} and {task.source.name} would both be written to {task.target}; {how}"
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
            link, clip = file.name.endswith("/"), is_clip(Path(path))
            if link or not (self.clips if clip else path.suffix.lower() in SUFFIXES):
                if count:
                    self.others[_LINKS if link else OTHER_CLIPS if clip else _ending(path)] += 1
                continue
            if ".." in path.parts:
                raise OutputConflictError(
                    f"{file.name}: would be written outside the target; give its whole path"
                )
            if clip:
                path = PurePosixPath(result_name(Path(path)).as_posix())
            elif self.wanted:
                path = path.with_suffix(self.wanted.suffixes[0])
            yield Task(file, str(path))

    def _is_mine(self, task: Task) -> bool:
        index, count = self.shard
        return count == 1 or digest(task.source.name) % count == index


def _ending(path: PurePosixPath) -> str:
    """What a file is counted as, of which there are few in any number of names."""
    ending = path.suffix.lower()
    plain = ending.isascii() and ending[1:].isalpha()
    return ending if plain and len(ending) <= _LONGEST else "others"


def parse_shard(text: str) -> Shard:
    """``i/n`` with i from 0 to n - 1, as Slurm's and Kubernetes' indices count.

    Raises:
        UsageError: It is nothing of the kind.
    """
    index, slash, count = text.partition("/")
    if slash and index.isdecimal() and count.isdecimal() and int(index) < int(count):
        return int(index), int(count)
    raise UsageError(f"--shard must be i/n with i from 0 to n - 1, such as 0/16, not {text}")
