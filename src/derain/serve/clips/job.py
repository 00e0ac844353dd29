"""A clip that was sent, and how far it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio

from derain.serve.clips.order import ClipOrder
from derain.serve.memory import Hold

if TYPE_CHECKING:
    from derain.clips.container import ClipInfo

Status = Literal["waiting", "working", "done", "failed", "cancelled"]


class Job:
    """One clip, from its first byte to the end of its result.

    Attributes:
        id: Names it to who sent it, and cannot be guessed.
        folder: Its own; holds :attr:`source` and, when it is done, :attr:`target`.
        order: What is to be made of it.
        hold: Of the server's share of the disk.
        name: What the client calls the clip, or nothing.
        info: What was found when it was looked at; None before.
        suffix: Of the result.
        status: How it is.
        done, all: Frames that are finished; about how many there are, 0 if that is not known.
        partial: Whether parts of the clip could not be read.
        problem: Why there is no result, or what of it is missing; empty where nothing is.
        notes: What a person should know of the result, a line each.
        ended: When it was, by the monotonic clock; None while it is not.
        told: Whether somebody was told how it ended.
        readers: How many are reading its result.
        removed: Whether it is forgotten, and its files go when nobody uses them any more.
        scope: Ends the work.
    """

    def __init__(self, id: str, folder: Path, order: ClipOrder, hold: Hold) -> None:
        self.id, self.folder, self.order, self.hold = id, folder, order, hold
        self.name, self.suffix = "", order.suffix or ""
        self.info: ClipInfo | None = None
        self.status: Status = "waiting"
        self.done = self.all = self.readers = 0
        self.partial = self.told = self.removed = False
        self.problem, self.notes = "", list[str]()
        self.began: float | None = None
        self.ended: float | None = None
        self.scope = anyio.CancelScope()

    @property
    def source(self) -> Path:
        """The clip as it was sent."""
        return self.folder / "clip"

    @property
    def target(self) -> Path:
        """The result."""
        return self.folder / f"result{self.suffix}"

    def begin(self) -> None:
        """It is worked on from now on."""
        self.status, self.began = "working", time.monotonic()

    def end(self, status: Status, problem: str = "") -> None:
        """Nothing more will happen to it."""
        self.status, self.problem, self.ended = status, problem, time.monotonic()

    @property
    def seconds_left(self) -> float | None:
        """Of work, by the pace so far; None while that is not known."""
        pace = self._pace
        if self.status != "working" or not pace or not self.all:
            return None
        return max(0, self.all - self.done) / pace

    @property
    def _pace(self) -> float | None:
        """Frames a second."""
        if self.began is None or not self.done:
            return None
        until = time.monotonic() if self.ended is None else self.ended
        return self.done / max(0.001, until - self.began)

    def as_json(self, ahead: int, kept: float | None) -> dict[str, Any]:
        """How it is, for its client.

        Args:
            ahead: Clips before it.
            kept: Seconds that it stays, counted from its end; None if nobody can say.
        """
        pace, left = self._pace, self.seconds_left
        stays = None
        if self.ended is not None and kept is not None:
            stays = max(0, self.ended + kept - time.monotonic())
        return {
            "id": self.id,
            "status": self.status,
            "ahead": ahead,
            "frames_done": self.done,
            "frames": self.all or None,
            "frames_per_second": None if pace is None else round(pace, 3),
            "seconds_left": None if left is None else round(left, 1),
            "partial": self.partial,
            "problem": self.problem or None,
            "notes": self.notes,
            "seconds_kept": None if stays is None else round(stays, 1),
        }
