"""One picture or clip after another: read, derain, write, say what became of it. Never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from derain.batch.clips import Clips
from derain.batch.digests import Ours
from derain.batch.manifest import Row
from derain.batch.once import write_picture_once
from derain.batch.plan import Task
from derain.batch.stores import Store, open_store
from derain.clips.animation import is_animated
from derain.clips.extra import video_installed
from derain.clips.formats import is_clip, is_container
from derain.errors import StoreError
from derain.explained import explained
from derain.media import PictureFile
from derain.restore import Derainer
from derain.restore.files import restore_file
from derain.restore.jobs import budget_each
from derain.restore.memory import picture_memory
from derain.restore.room import picture_room

_PAUSE = 1.0  # seconds before the second attempt, twice as many before the third


@dataclass(frozen=True)
class Settings:
    """What a worker is made from; it may be sent to another machine.

    Attributes:
        target: Address of the store results go to.
        model, backend, device, threads, memory, strength, jobs: Of the :class:`Derainer`.
        neighbours: Whether there is a worker for each ``threads`` processors of its machine, in
            processes of their own, with which it shares the machine's memory.
        kind: Pillow's name of the results' format; None for each picture's own.
        quality: Of formats with loss.
        max_pixels: Larger pictures fail.
        attempts: How often a picture is tried whose store does not answer.
    """

    target: str
    model: str = "base"
    backend: str = "auto"
    device: str = "auto"
    threads: int = 0
    memory: int | None = None
    strength: float = 1.0
    jobs: int = 1
    neighbours: bool = False
    kind: str | None = None
    quality: int | None = None
    max_pixels: int | None = None
    attempts: int = 3

    def derainer(self) -> Derainer:
        """A new one; raises what that raises."""
        memory = self.memory
        if self.neighbours and memory is None:
            memory = budget_each(self.threads)
        return Derainer(
            self.model,
            backend=self.backend,
            device=self.device,
            threads=self.threads,
            memory=memory,
            strength=self.strength,
            jobs=self.jobs,
        )

    def fingerprint(self, derainer: Derainer) -> Mapping[str, Any]:
        """What decides the bytes of the results, for the manifest."""
        card = derainer.model.card
        return {
            "model": f"{card.name} {card.sha256[card.onnx]}", "strength": self.strength,
            "format": self.kind, "quality": self.quality,
        }  # fmt: skip


class Worker:
    """Does tasks; one may serve several threads.

    Args:
        settings: Of the run.
        derainer: One that is loaded already.
        frames: Told (name, finished frames, all frames as far as known) of clips at work.

    Attributes:
        target: Where results go.
    """

    def __init__(
        self,
        settings: Settings,
        derainer: Derainer | None = None,
        frames: Callable[[str, int, int], None] = lambda name, done, total: None,
    ) -> None:
        self._settings = settings
        self._derainer = derainer or settings.derainer()
        self.target = open_store(settings.target)
        self._stores: dict[str, Store] = {}
        self._pictures = picture_room()
        self._video = video_installed()  # not asked while another thread imports what is asked for
        self._clips = Clips(
            self.target, self._derainer, self._pictures, frames, settings.quality,
            settings.max_pixels,
        )  # fmt: skip

    def __call__(self, task: Task, ours: Ours = frozenset()) -> Row:
        """Do one picture or clip.

        Args:
            task: Which.
            ours: What earlier runs wrote as its result, which may be replaced.
        """
        for attempt in range(1, self._settings.attempts + 1):
            row = self._try(task, ours, attempt)
            if row is not None:
                return row
            time.sleep(_PAUSE * 2 ** (attempt - 1))
        raise AssertionError("the last attempt gives a row")

    def _try(self, task: Task, ours: Ours, attempt: int) -> Row | None:
        """What became of it, or None where it may succeed in a moment."""
        began, source = time.monotonic(), task.source
        row = replace(Row.failed(task, ""), attempts=attempt)
        try:
            done = self._restore(row, task, ours)
        except Exception as error:  # noqa: BLE001 - one picture never stops the others
            if isinstance(error, StoreError) and attempt < self._settings.attempts:
                return None
            done = replace(row, error=str(explained(error, source.name)))
        seconds = done.seconds or round(time.monotonic() - began, 3)
        return replace(done, seconds=seconds, time=round(time.time(), 3))

    def _restore(self, row: Row, task: Task, ours: Ours) -> Row:
        settings, source = self._settings, task.source
        store = self._stores.get(source.store)
        if store is None:
            store = self._stores.setdefault(source.store, open_store(source.store))
        path = Path(source.key)
        if is_container(path):
            return self._clips.video(row, store, source.key, ours)
        if is_clip(path):
            return self._clips.animation(row, store, source.key, ours)
        data, name = store.read(source.key), store.shown(source.key)
        if self._video and is_animated(path, data):
            return self._clips.animation(row, store, source.key, ours)
        file = PictureFile(data, name)
        kind = settings.kind or file.probe.format
        with self._pictures.hold(picture_memory(file.probe, kind)):
            made = restore_file(
                self._derainer,
                file,
                kind=settings.kind,
                quality=settings.quality,
                max_pixels=settings.max_pixels,
            )
        sha256 = write_picture_once(self.target, task.target, made.data, ours)
        width, height = made.size
        return replace(
            row,
            status="done",
            sha256=sha256,
            notes=made.notes,
            pixels=width * height,
            unchanged=not made.changed,
        )
