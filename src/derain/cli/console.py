"""What a person sees while pictures are worked on: progress on stderr, lines that matter."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from derain.cli.printable import printable


class Reporter:
    """Reports a run over ``total`` pictures.

    Args:
        total: Pictures to come; None for many whose number is told later.
        quiet: Only errors are shown.
        as_json: One JSON object a picture on standard output instead of lines for people.
    """

    def __init__(self, total: int | None, quiet: bool, as_json: bool) -> None:
        self._json, self._quiet = as_json, quiet or as_json
        self._console = Console(
            file=_own_stderr(), stderr=True, highlight=False, soft_wrap=True, markup=False
        )
        shown = self._console.is_terminal and not self._quiet
        # How long a single picture takes is not known before its first tile, often its only one.
        several = total is None or total > 1
        times = (TimeRemainingColumn(),) if several else (TimeElapsedColumn(),)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            *((MofNCompleteColumn(),) if several else ()),
            TextColumn("{task.fields[rate]}"),
            *times,
            console=self._console,
            disable=not shown,
            transient=True,
        )
        known = total if several else None
        self._task = self._progress.add_task("deraining", total=known, rate="")
        self._total = total
        self._started, self._pixels, self._pictures = time.monotonic(), 0, 0
        self._first: tuple[int, float] | None = None  # frames, and when, of the clip at hand
        self._lock = threading.Lock()
        self._parts: dict[int, tuple[int, float]] = {}  # pixels and share that are finished

    def __enter__(self) -> Reporter:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def tile(self, picture: int, done: int, total: int) -> None:
        """A tile of a picture at work, told by its number, is finished; from any thread."""
        with self._lock:
            self._parts[picture] = done, done / total
            pixels, pictures = map(sum, zip(*self._parts.values(), strict=True))
            pace = (self._pixels + pixels) / 1e6 / max(1e-9, time.monotonic() - self._started)
            self._progress.update(
                self._task,
                completed=self._pictures + pictures,
                total=self._total,
                rate=f"{pace:.2f} MP/s",
            )

    def frame(self, done: int, total: int) -> None:
        """A frame of the clip at hand is finished; how many there are may be a guess."""
        now = time.monotonic()
        if self._first is None or done <= self._first[0]:
            self._first = (done - 1, now)  # what an earlier run had made took no time
        pace = (done - self._first[0]) / max(1e-9, now - self._first[1])
        left = timedelta(seconds=round((total - done) / pace)) if done < total else timedelta()
        self._progress.update(
            self._task,
            completed=self._pictures + done / max(1, total),
            total=self._total,
            rate=f"{done}/{total}, {pace:.2f} frames/s, {left} left",
        )

    def finished(self, picture: int, pixels: int = 0) -> None:
        """A picture is behind us, whatever became of it."""
        with self._lock:
            self._parts.pop(picture, None)
            self._pixels += pixels
            self._pictures += 1
            self._first = None
            under_way = sum(part for _, part in self._parts.values())
            self._progress.update(self._task, completed=self._pictures + under_way)

    def line(self, text: str) -> None:
        """A line for people."""
        if not self._quiet:
            self._console.print(printable(text))

    def warn(self, text: str) -> None:
        """A line that is shown even when quiet."""
        self._console.print(f"derain: {printable(text)}")

    def warn_of_no_change(self, model: str) -> None:
        """All results equal their pictures."""
        self.warn(
            f"{model}: no pixel was changed, the results equal the pictures; is there rain in "
            "them, and is it the right --model?"
        )

    def record(self, values: dict[str, Any]) -> None:
        """A JSON object for programs."""
        if self._json:
            say_json(values)

    def listed(self, text: str) -> None:
        """A line on standard output, for people and their pipes."""
        if not self._quiet:
            say(text)


def say(text: str) -> None:
    """Print a line on standard output."""
    print(printable(text), flush=True)


def say_json(values: Mapping[str, Any]) -> None:
    """Print a JSON object on standard output, a line; what no terminal shows is escaped by it."""
    print(json.dumps(values).replace("\x7f", "\\u007f"), flush=True)


def _own_stderr() -> TextIO | None:
    """A copy of a terminal's standard error, since the usual one is turned aside at times."""
    if sys.stderr is not sys.__stderr__ or sys.stderr is None or not sys.stderr.isatty():
        return None
    return open(  # noqa: PTH123 - open as long as the program runs
        os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1
    )


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A plain progress bar on stderr: gives what is to be told (done, total)."""
    console = Console(stderr=True)
    columns = TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
