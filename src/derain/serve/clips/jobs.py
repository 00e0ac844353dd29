"""All clips of a server: who waits, the one at work, and results until they expire."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from derain.errors import DerainError, UsageError
from derain.files import explain_os_error
from derain.restore.memory import clip_memory
from derain.serve.benches import Benches
from derain.serve.clips.folder import private_folder
from derain.serve.clips.in_turn import Frame, InTurn
from derain.serve.clips.job import Job
from derain.serve.clips.order import ClipOrder
from derain.serve.clips.work import derain_job, look_at
from derain.serve.memory import Hold, Share
from derain.serve.metrics import Metrics
from derain.serve.settings import MIB, Settings

_MOST_DISK = 10240 * MIB
_MOST_JOBS = 1000  # finished ones included: a failed one takes no disk, but is told of
_MOST_PATIENCE = 120
_LOOK = 0.5  # seconds between looks at what work has written, and at what has expired
_TELLING = 3  # seconds in which who asks every second or two hears that the server stops
_STOPPING = "the server is about to stop; send the clip again later"
_logger = logging.getLogger("uvicorn.error")

Network = Callable[[str, Frame, float, threading.Event], Frame]


class Clips:
    """Takes clips, works on one at a time and keeps results for a while. For one event loop.

    Args:
        settings: What the server was started with.
        memory: Bytes for the clip at work, beside the network.
        benches: Where clips are looked at and worked on.
        network: Derains a frame: (model, frame, strength, what ends it) -> frame; called from the
            thread of the clip at work.
        metrics: Is told everything.

    Attributes:
        disk: What clips and results may take, in bytes.
        most_bytes: Of a clip's file.
        most_pixels: Of a frame.
        stopping: Whether clips are refused, since the server is about to stop.

    Raises:
        DerainError: There can be no folder for clips.
    """

    def __init__(
        self,
        settings: Settings,
        memory: int,
        benches: Benches,
        network: Network,
        metrics: Metrics,
    ) -> None:
        self._settings, self._memory, self._benches = settings, memory, benches
        self._network, self._metrics = network, metrics
        nothing = clip_memory(0, 0)
        self.most_pixels = (memory - nothing) // (clip_memory(1, 1) - nothing)
        self._open = ExitStack()
        parent = settings.clip_folder or Path(tempfile.gettempdir())
        self._folder = self._open.enter_context(private_folder(parent))
        self.disk = Share(_disk(settings, self._folder))
        # A result is about as long as its clip, and lies there twice while it is put together.
        self.most_bytes = min(round(settings.max_clip_megabytes * MIB), self.disk.total // 3)
        self._jobs: dict[str, Job] = {}
        self._coming = self._number = 0
        self._queued = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._told_until = math.inf
        self.stopping = False

    @property
    def unfinished(self) -> int:
        """Clips that come, wait or are worked on."""
        return self._coming + sum(job.ended is None for job in self._jobs.values())

    def check_open(self) -> None:
        """Refuse what could not be taken, before it is read.

        Raises:
            HTTPException: 429 or 503.
        """
        if self.stopping:
            raise HTTPException(503, _STOPPING, self._later())
        full = len(self._jobs) + self._coming >= _MOST_JOBS
        if full or self.unfinished >= self._settings.clip_queue:
            self._metrics.clips.labels("refused").inc()
            raise HTTPException(429, "too many clips at once; come again later", self._later())

    @contextmanager
    def coming(self, order: ClipOrder) -> Iterator[Job]:
        """A place, and a folder, for a clip that is about to come.

        What came is gone at the end unless :meth:`add` took it.

        Raises:
            HTTPException: 429 or 503.
            DerainError: The disk.
        """
        self.check_open()
        self._number += 1
        folder = self._folder / str(self._number)
        with ExitStack() as until_taken:
            hold = Hold(self.disk)
            until_taken.callback(hold.keep, 0)
            try:
                folder.mkdir()
            except OSError as error:
                raise explain_os_error(error, "the folder of clips") from error
            until_taken.callback(shutil.rmtree, folder, ignore_errors=True)
            job = Job(secrets.token_urlsafe(18), folder, order, hold)
            self._coming += 1
            try:
                yield job
            except ClientDisconnect:
                self._metrics.clips.labels("left").inc()
                raise
            finally:
                self._coming -= 1
            if job.id in self._jobs:
                until_taken.pop_all()

    async def add(self, job: Job) -> None:
        """Look at a clip that has come, and let it wait for its turn.

        Raises:
            HTTPException: 400, its order does not go with it; 503.
            InvalidImageError: It is no clip, or one that cannot be derained here.
        """
        try:
            await self._benches.at("probe", lambda _: look_at(job, self.most_pixels, self._memory))
        except UsageError as error:
            self._metrics.clips.labels("unusable").inc()
            raise HTTPException(400, str(error)) from None
        except DerainError:
            self._metrics.clips.labels("unusable").inc()
            raise
        if self.stopping:
            raise HTTPException(503, _STOPPING, self._later())
        job.hold.keep(job.source.stat().st_size)
        self._jobs[job.id] = job
        self._queued.set()

    def find(self, name: str) -> Job:
        """The job of this id.

        Raises:
            HTTPException: 404.
        """
        job = self._jobs.get(name)
        if job is None:
            raise HTTPException(404, "no such clip here; it was removed, or has expired")
        return job

    def told(self, job: Job) -> dict[str, Any]:
        """How a job is, for its client."""
        if job.ended is not None:
            job.told = True
        waits = job.status == "waiting"
        before = [other.ended is None for other in self._jobs.values() if other is not job]
        place = list(self._jobs).index(job.id)
        # A server that stops takes all with it, so it promises nothing.
        kept = None if self.stopping else self._settings.keep_clips
        return job.as_json(sum(before[:place]) if waits else 0, kept)

    def remove(self, job: Job) -> None:
        """End a job where it has not ended, and forget it; its files go when nobody uses them."""
        self._jobs.pop(job.id, None)
        job.removed = True
        if job.ended is None:
            self._metrics.clips.labels("cancelled").inc()
        if job.status == "waiting":
            job.end("cancelled")
        job.scope.cancel()
        self._tidy(job)

    @contextmanager
    def reading(self, job: Job) -> Iterator[None]:
        """Keep a result for as long as somebody reads it."""
        job.readers += 1
        try:
            yield
        finally:
            job.readers -= 1
            self._tidy(job)

    async def run(self) -> None:
        """Work on one clip after the other, and let results expire, until it is cancelled."""
        expiring = asyncio.create_task(self._expire())
        try:
            while True:
                self._queued.clear()
                job = next((job for job in self._jobs.values() if job.status == "waiting"), None)
                if job is None:
                    await self._queued.wait()
                else:
                    await self._work(job)
        finally:
            expiring.cancel()

    def cut(self) -> int:
        """End all that has not ended, since the server stops; how many clips that were."""
        self.stopping = True
        self._told_until = time.monotonic() + _TELLING
        cut = [job for job in self._jobs.values() if job.ended is None]
        lost = [job for job in self._jobs.values() if job.status == "done" and not job.told]
        for job in cut:
            self._metrics.clips.labels("stopping").inc()
            working = job.status == "working"
            job.end("cancelled", _STOPPING)
            if working:
                job.scope.cancel()
        if cut or lost:
            _logger.warning(
                "%d clips were not finished, %d finished ones were never asked for; they are gone",
                len(cut), len(lost),
            )  # fmt: skip
        return len(cut)

    @property
    def heard(self) -> bool:
        """Whether the server may stop: results are sent, and clients know what was cut."""
        if any(job.readers for job in self._jobs.values()):
            return False
        untold = any(job.status == "cancelled" and not job.told for job in self._jobs.values())
        return not untold or time.monotonic() > self._told_until

    async def at_rest(self) -> None:
        """Wait until no clip is at work."""
        await self._idle.wait()

    def close(self) -> None:
        """Remove all files."""
        self._open.close()

    async def _work(self, job: Job) -> None:
        self._idle.clear()
        job.begin()
        watching = [
            asyncio.create_task(watch) for watch in (self._watch_disk(job), self._watch_time(job))
        ]
        try:
            with job.scope:
                await self._benches.at("clip", lambda stop: self._derain(job, stop))
                if job.ended is None:  # or the disk was full at the last moment
                    job.hold.keep(job.target.stat().st_size)
                    job.end("done", job.problem)
                    self._metrics.clips.labels("partial" if job.partial else "done").inc()
        except DerainError as error:
            self._failed(job, str(error))
        except Exception:
            _logger.exception("a clip failed")
            self._failed(job, "internal error; the server's log tells more")
        finally:
            for task in watching:
                task.cancel()
            self._idle.set()
            if job.ended is None:
                job.end("cancelled")
            if job.status == "done":
                with suppress(OSError):
                    job.source.unlink()
            else:
                _empty(job)
            self._tidy(job)

    def _derain(self, job: Job, stop: threading.Event) -> None:
        """In the thread of the clip at work."""
        model = job.order.model
        frames = self._metrics.frames.labels(model)

        def progress(done: int, expected: int) -> None:
            if stop.is_set():
                raise CancelledError
            job.done, job.all = done, expected if job.all else 0
            frames.inc()

        derainer = InTurn(
            job.order.strength,
            lambda frame, strength: self._network(model, frame, strength, stop),
        )
        derain_job(job, derainer, progress)

    def _failed(self, job: Job, problem: str) -> None:
        if job.ended is None:
            job.end("failed", problem)
            self._metrics.clips.labels("failed").inc()

    async def _watch_disk(self, job: Job) -> None:
        """Take what work writes from the share of the disk; end it where that is used up."""
        clip = job.hold.size
        while True:
            await asyncio.sleep(_LOOK)
            made = await asyncio.to_thread(_size, job.folder) - clip
            # Frames lie there twice while they are put together.
            more = clip + 2 * made - job.hold.size
            if more > 0 and not job.hold.take(more):
                told = "the server's disk for clips is full; come again later, or with a larger crf"
                self._failed(job, told)
                job.scope.cancel()
                return

    async def _watch_time(self, job: Job) -> None:
        """End work that takes too long, so that who waits gets a turn."""
        limit = self._settings.clip_deadline
        await asyncio.sleep(limit)
        told = f"took longer than the {limit:g} seconds that a clip may take here; send it in parts"
        self._failed(job, told)
        job.scope.cancel()

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            late = time.monotonic() - self._settings.keep_clips
            for job in list(self._jobs.values()):
                if job.ended is not None and job.ended < late and not job.readers:
                    self.remove(job)

    def _tidy(self, job: Job) -> None:
        if job.removed and job.status != "working" and not job.readers:
            _empty(job)
            with suppress(OSError):
                job.folder.rmdir()

    def _later(self) -> dict[str, str]:
        """When to come again: when the clip at work may be finished."""
        left = max((job.seconds_left or 0 for job in self._jobs.values()), default=0)
        return {"Retry-After": str(min(_MOST_PATIENCE, max(5, math.ceil(left))))}


def _empty(job: Job) -> None:
    """Remove a job's files, and give their disk back."""
    shutil.rmtree(job.folder, ignore_errors=True)
    job.hold.keep(0)


def _size(folder: Path) -> int:
    """Bytes of all files below a folder, which others write and remove meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _disk(settings: Settings, folder: Path) -> int:
    if settings.clip_disk is not None:
        return settings.clip_disk * MIB
    return min(_MOST_DISK, shutil.disk_usage(folder).free // 2)
