"""What was seen of picture files, remembered between runs.

Every picture has to be decoded once, to know that it is whole and which scene it shows. Its size
and hash are kept under its path, its bytes and its time of writing, in a database in the user's
cache folder, so that the next run starts at once. Where that is lost, damaged or cannot be written,
pictures are decoded again: nothing else depends on it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from platformdirs import user_cache_path

from derain.data.pairs import Half, Pair
from derain.training.pictures import Stamp

_FILE = "pictures-1.sqlite"  # another number where hashes are made in another way
_TABLE = """CREATE TABLE IF NOT EXISTS facts (
    path BLOB, half TEXT, size INTEGER, modified INTEGER, height INTEGER, width INTEGER,
    hash INTEGER, PRIMARY KEY (path, half)
) WITHOUT ROWID"""
_ASK = """CREATE TEMP TABLE asked (
    number INTEGER, path BLOB, half TEXT, size INTEGER, modified INTEGER
)"""
_FIND = """SELECT number, height, width, hash FROM asked
    JOIN facts USING (path, half, size, modified) ORDER BY number"""
_PATIENCE = 10.0  # seconds, while another run writes


class Part(NamedTuple):
    """A picture file, or one half of it."""

    path: Path
    half: Half = ""


def parts_of(pair: Pair) -> tuple[Part, ...]:
    """What a pair is read from: the rainy file and the clean one, or the clean half of both."""
    clean = Part(pair.clean, pair.clean_half)
    return (clean,) if pair.clean_half else (Part(pair.rainy), clean)


class Facts(NamedTuple):
    """What is known of a part.

    Attributes:
        size: (height, width) of the whole file.
        hash: Perceptual hash of the part.
    """

    size: tuple[int, int]
    hash: int


class FactStore:
    """The database; a context, at whose end it is closed.

    Args:
        path: Its file; by default in the user's cache folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_cache_path("derain") / _FILE
        self._database: sqlite3.Connection | None = None
        self._renewed = False
        self._open()

    def __enter__(self) -> FactStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._database:
            self._database.close()

    def find(self, asked: Mapping[Part, Stamp]) -> dict[Part, Facts]:
        """Of the parts asked for those that are known and have not changed."""
        if not self._database:
            return {}
        parts = list(asked)
        rows = ((number, *_key(part), *asked[part]) for number, part in enumerate(parts))
        try:
            # One question for all: 100,000 of them take as long as opening the files.
            self._database.execute(_ASK)
            self._database.executemany("INSERT INTO asked VALUES (?, ?, ?, ?, ?)", rows)
            found = {
                parts[number]: Facts((height, width), hash_)
                for number, height, width, hash_ in self._database.execute(_FIND)
            }
            self._database.execute("DROP TABLE asked")
        except sqlite3.Error as error:
            self._leave(error)
            return {}
        return found

    def add(self, facts: Mapping[Part, Facts], stamps: Mapping[Part, Stamp]) -> None:
        """Keep what was seen."""
        if not self._database:
            return
        rows = [(*_key(p), *stamps[p], *fact.size, fact.hash) for p, fact in facts.items()]
        try:
            with self._database:
                self._database.executemany("REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            self._leave(error)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, timeout=_PATIENCE)
            self._database.execute(_TABLE)
        except OSError:
            return  # the folder cannot be made
        except sqlite3.Error as error:
            self._leave(error)

    def _leave(self, error: sqlite3.Error) -> None:
        """Go on without the database; one that is damaged makes room for a new one."""
        if self._database:
            self._database.close()
        self._database = None
        # What is locked or may not be written is an OperationalError; the file may be whole then.
        damaged = not isinstance(error, sqlite3.OperationalError)
        if damaged and not self._renewed:
            self._renewed = True
            with suppress(OSError):
                self._path.unlink()
                self._open()


def _key(part: Part) -> tuple[bytes, str]:
    return os.fsencode(os.path.abspath(part.path)), part.half  # noqa: PTH100 # no look at links
