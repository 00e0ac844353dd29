"""What has become of all pictures and clips of a run: append-only JSON lines to go on from.

They lie in the target's ``.derain/`` (a name that listings leave out), a file for each shard and,
in buckets, which cannot append, a numbered object for every thousand rows or minute. The first line
of each says what the results were made with; a run with other settings is refused.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from derain.batch.digests import Ours, Standing, Sums, digest
from derain.batch.stores import Store
from derain.batch.stores.folder import Folder
from derain.clips.formats import is_container
from derain.errors import DatasetError, DerainError, OutputConflictError
from derain.files import atomic_create, explain_os_error

if TYPE_CHECKING:
    from derain.batch.plan import Task
    from derain.batch.sources import Located

FOLDER = ".derain"
_VERSION = 1
_ROWS, _SECONDS = 1000, 60.0


@dataclass(frozen=True)
class Row:
    """One attempt at one picture or clip.

    Attributes:
        source: Its name in the place it came from.
        version: Of the source: its entity tag, or size and time of writing.
        target: Its name in the place it went to.
        status: ``done`` or ``failed``.
        sha256: Of the result; of a damaged clip, of what could be had.
        seconds: From the first byte read to the last written.
        error: What went wrong, one line.
        notes: What the result could not keep.
        attempts: How often it was tried, in this run.
        pixels: Of the picture; of a clip, of all its frames.
        unchanged: Whether no pixel was changed; of clips that were gone on with nobody looked.
        time: When it ended, in seconds since 1970; 0 in older manifests.
        place: It came from: a folder's full path, or a bucket; empty in older manifests.
    """

    source: str
    version: str
    target: str
    status: Literal["done", "failed"]
    sha256: str = ""
    seconds: float = 0.0
    error: str = ""
    notes: tuple[str, ...] = ()
    attempts: int = 1
    pixels: int = 0
    unchanged: bool = False
    time: float = 0.0
    place: str = ""

    @classmethod
    def failed(cls, task: Task, error: str) -> Row:
        """That of a task of which nothing came, now."""
        source = task.source
        return cls(
            source.name,
            source.version,
            task.target,
            "failed",
            error=error,
            time=round(time.time(), 3),
            place=source.place,
        )

    def kept(self) -> dict[str, Any]:
        """What there is to tell, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value or key == "version"}

    def to_json(self) -> str:
        text = json.dumps(self.kept(), ensure_ascii=False)
        # Bytes of a name that are no UTF-8 become escapes, which JSON has, too.
        return text.encode(errors="backslashreplace").decode()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Row:
        """The row that :meth:`to_json` wrote.

        Raises:
            TypeError, ValueError: It wrote nothing of the kind.
        """
        kept = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        row = cls(**{**kept, "notes": tuple(kept.get("notes", ()))})
        texts = row.source, row.version, row.target, row.status, row.sha256, row.place
        "".join(texts).encode(errors="surrogateescape")
        if not all(isinstance(text, str) for text in (row.error, *row.notes)):
            raise TypeError("error or notes")
        if not all(isinstance(n, int | float) for n in (row.seconds, row.time, row.pixels)):
            raise TypeError("seconds, time or pixels")
        return row

    def lost(self, why: str) -> Row:
        """What is noted when its result is not there any more: it is of no version of the source.

        Lists know no versions, theirs is empty; so this is one that nothing has.
        """
        now = round(time.time(), 3)
        return Row(
            self.source, "lost", self.target, "failed", error=why, time=now, place=self.place
        )

    @property
    def done(self) -> bool:
        return self.status == "done"


class _Log(Protocol):
    def write(self, line: str) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


class Manifest:
    """The rows of a target, of all its shards.

    Args:
        store: The target.
        settings: What decides the results' bytes; None to take whatever is there, for reading.

    Raises:
        OutputConflictError: An earlier run made what is there with other settings.
        DatasetError: A line, other than a torn last one, is no row.
    """

    def __init__(self, store: Store, settings: Mapping[str, Any] | None = None) -> None:
        self._store = store
        self.settings = None if settings is None else json.loads(json.dumps(settings))
        self._log: _Log | None = None
        self._standing, self._sums = Standing(), Sums()

    def load(self) -> None:
        """Read what earlier runs left, before anything is written."""
        for row in self.rows():
            self.remember(row)

    def remember(self, row: Row) -> None:
        """Have :meth:`is_done` and :meth:`ours` tell of this row."""
        source, version = digest(row.place, row.source), digest(row.version)
        self._standing.add(source, version, row.time, row.done)
        if row.sha256:  # nothing was written where somebody else's file was in the way
            self._sums.add(digest(row.place, row.target), digest(row.sha256))

    def is_done(self, source: Located) -> bool:
        """Whether the result in the target is of this version of the picture or clip."""
        return self._standing.is_done(digest(source.place, source.name), digest(source.version))

    def ours(self, task: Task) -> Ours:
        """What was made of this picture or clip, as it was once; anything else is somebody's."""
        return self._sums.of(digest(task.source.place, task.target))

    def rows(self) -> Iterator[Row]:
        """All rows of all shards, each shard's in their order."""
        for entry in self._store.entries(FOLDER):
            if entry.name.endswith(".jsonl"):
                yield from self._parse(entry.name)

    def _parse(self, name: str) -> Iterator[Row]:
        # The last piece is empty, unless the process was killed while it wrote.
        where, (*lines, _) = self._store.shown(name), self._store.read(name).split(b"\n")
        if lines:
            self._read_header(lines[0], where)
        for number, line in enumerate(lines[1:], 2):
            try:
                row = Row.from_json(json.loads(line))
            except (ValueError, TypeError):
                raise DatasetError(
                    f"{where}, line {number}: is no row of a manifest; remove the line, and what "
                    "it told of is made again"
                ) from None
            yield row

    def _read_header(self, line: bytes, where: str) -> None:
        try:
            self._compare(json.loads(line), where)
        except (ValueError, TypeError, KeyError):
            raise DatasetError(
                f"{where}: does not begin with the settings of its run; restore its first line "
                "from a copy, or give another -o"
            ) from None

    def _compare(self, header: Mapping[str, Any], where: str) -> None:
        if header["manifest"] != _VERSION:
            raise OutputConflictError(
                f"{where}: was written by another version of derain; give another -o"
            )
        if self.settings is None:
            self.settings = header["settings"]
        theirs = header["settings"]
        for key in {**self.settings, **theirs}:
            if self.settings.get(key) != theirs.get(key):
                raise OutputConflictError(
                    f"{where}: an earlier run made what is there with {key} = {theirs.get(key)}, "
                    f"not {self.settings.get(key)}; give another -o, or the same settings"
                )

    def open(self, shard: tuple[int, int]) -> None:
        """Begin to append, for the shard (index, of how many).

        Raises:
            OutputConflictError: A run with other settings has begun since :meth:`load`.
            DerainError: It cannot be written.
        """
        base = f"{FOLDER}/{shard[0]:05}-of-{shard[1]:05}"
        header = json.dumps({"manifest": _VERSION, "settings": self.settings})
        if isinstance(self._store, Folder):
            first = f"{base}.jsonl"
            self._log = _File(self._store.path / first, header)
        else:
            first = f"{base}/{0:06}.jsonl"
            self._store.create(first, f"{header}\n".encode())
            self._log = _Parts(self._store, base, header)
        line, _, _ = next(self._store.pieces(first), b"").partition(b"\n")
        self._read_header(line, self._store.shown(first))

    def append(self, row: Row) -> None:
        """Add a row; from a folder's manifest it is not lost when the process is killed.

        Nor is that of a clip, which takes long to make again.
        """
        assert self._log is not None
        self._log.write(row.to_json())
        if is_container(Path(row.target)):
            self._log.flush()

    def flush(self) -> None:
        """Write what is still held back."""
        if self._log:
            self._log.flush()

    def close(self) -> None:
        """Write what is still held back, and append no more."""
        if self._log:
            self._log.flush()
            self._log.close()
            self._log = None


class _File:
    """Lines of a local file, each handed to the system before the next."""

    def __init__(self, path: Path, header: str) -> None:
        try:
            atomic_create(path, f"{header}\n".encode())  # another run may begin just now, too
            self._path, self._file = path, path.open("ab+")
            if self._file.tell():
                self._file.seek(-1, 2)
                if self._file.read() != b"\n":  # torn by a kill: the half line goes
                    self._file.seek(0)
                    self._file.truncate(self._file.read().rfind(b"\n") + 1)
            if not self._file.seek(0, 2):
                self.write(header)
        except OSError as error:
            raise explain_os_error(error, path) from error

    def write(self, line: str) -> None:
        try:
            self._file.write(f"{line}\n".encode())
            self._file.flush()
        except OSError as error:
            raise explain_os_error(error, self._path) from error

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        try:
            self._file.close()  # which writes what could not be written before
        except OSError as error:
            raise explain_os_error(error, self._path) from error


class _Parts:
    """Objects of some rows each, for places that cannot append."""

    def __init__(self, store: Store, base: str, header: str) -> None:
        self._store, self._base, self._header = store, base, header
        self._lines: list[str] = []
        self._number = sum(1 for _ in store.entries(base))  # those of earlier runs
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def write(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
            if len(self._lines) >= _ROWS:
                self.flush()
            elif self._timer is None:  # the next row may be hours away, that of a clip
                self._timer = threading.Timer(_SECONDS, self._flush_late)
                self._timer.daemon = True
                self._timer.start()

    def _flush_late(self) -> None:
        with suppress(DerainError):  # the next flush tries again, and tells
            self.flush()

    def flush(self) -> None:
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            while self._lines:
                lines = [line.encode() for line in (self._header, *self._lines)]
                name = f"{self._base}/{self._number:06}.jsonl"
                if not self._store.create(name, b"".join(line + b"\n" for line in lines)):
                    there = self._store.read(name).split(b"\n")[:-1]
                    if not there or there != lines[: len(there)]:
                        self._number += 1  # another process writes this shard, too
                        continue
                    lines = there  # ours: the store had put it before it said that it could not
                self._number += 1
                del self._lines[: len(lines) - 1]

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Summary:
    """How a run stands.

    Attributes:
        done, failed: Results; one that failed and was done later is done.
        pixels: Of those done.
        seconds: Of work on those done, of all workers together.
        failures: The last row of each picture that failed as it was last, one for each result.
    """

    done: int
    failed: int
    pixels: int
    seconds: float
    failures: list[Row]


def summarise(rows: Iterable[Row]) -> Summary:
    """What all attempts made of each picture as it was last; told in the order of their time.

    A source that moved is another one with the same results, which are counted once.
    """
    last: dict[tuple[str, str], Row] = {}
    success: dict[tuple[str, str], Row] = {}
    for row in rows:
        last.pop((row.place, row.source), None)  # the last attempt comes last
        last[row.place, row.source] = row
        if row.done:
            success[row.place, row.source] = row
    done, failures = dict[str, Row](), dict[str, Row]()
    for source, row in last.items():
        made = success.get(source)
        if made and made.version == row.version:
            done[row.target] = made
            failures.pop(row.target, None)
        else:
            failures[row.target] = row
    pixels = sum(row.pixels for row in done.values())
    seconds = sum(row.seconds for row in done.values())
    return Summary(len(done), len(failures), pixels, seconds, [*failures.values()])
