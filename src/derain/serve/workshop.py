"""The queue, and what is done with a picture in it: what the command line does."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import numpy as np
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from derain.clips.extra import HOW, video_installed
from derain.media import (
    Format,
    Picture,
    PictureFile,
    check_fits,
    decode_picture,
    encode_picture,
    left_out,
    too_large,
)
from derain.media.compared import rain_picture
from derain.restore import Derainer
from derain.restore.interrupt import ended_by
from derain.restore.memory import PLAIN, picture_memory
from derain.serve.benches import Benches
from derain.serve.clips.jobs import Clips
from derain.serve.memory import Hold, Share
from derain.serve.metrics import Metrics
from derain.serve.order import Order
from derain.serve.settings import MIB, Settings, served_models, shares

NAME = "the picture"
_MOST_PATIENCE = 120


@dataclass(frozen=True)
class Result:
    """A file that was made.

    Attributes:
        data: The file.
        format: Its format.
        notes: What of the picture was not kept.
        seconds: How long it took, waiting left out.
    """

    data: bytes
    format: Format
    notes: list[str]
    seconds: float


class Visit:
    """One request's stay: it may be ended from outside, once.

    Attributes:
        ended: Why it was ended: ``left``, ``stopping``; None for its deadline.
    """

    def __init__(self, deadline: float) -> None:
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + deadline)
        self.ended: str | None = None

    def end(self, why: str) -> None:
        """Stop waiting and working for it."""
        self.ended = self.ended or why
        self.scope.cancel()


class Workshop:
    """Decodes, derains and encodes pictures within limits. For one event loop.

    A picture of a size that no share of the memory can hold is refused, so none waits forever; the
    network is one for each model, made when it is first wanted.

    Args:
        settings: What the server was started with.
        metrics: Is told everything.

    Attributes:
        clips: Takes clips; None where none are taken.
        no_clips: Why that is so, in one line.

    Raises:
        ModelNotFoundError, CorruptModelError, BackendUnavailableError, UsageError: The default
            model, which is loaded.
        DerainError: There can be no folder for clips.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings, self._metrics = settings, metrics
        self.default, self.models = served_models(settings.model)
        self.no_clips = _no_clips(settings)
        share = shares(settings.memory, len(self.models), not self.no_clips)
        self._network_memory = share.network
        self.uploads, self.pictures = Share(share.uploads), Share(share.pictures)
        self.most_bytes = min(round(settings.max_megabytes * MIB), share.uploads)
        self.most_pixels = min(round(settings.max_megapixels * 1e6), share.pictures // PLAIN)
        self._warm = self.stopping = False
        self._benches = Benches(metrics)
        self._visits: set[Visit] = set()
        self._seconds = 1.0  # of a picture, the average of late
        self._derainers: dict[str, Derainer] = {}
        self._derainer(self.default)
        self.clips: Clips | None = None
        if not self.no_clips and not share.clip:
            self.no_clips = "this server has no memory for clips; give it more with --memory"
        if not self.no_clips:
            self.clips = Clips(settings, share.clip, self._benches, self._clean_frame, metrics)
        metrics.watch(self)

    @property
    def ready(self) -> bool:
        """Whether pictures are taken."""
        return self._warm and not self.stopping

    @property
    def visits(self) -> int:
        """Pictures that wait or are worked on."""
        return len(self._visits)

    async def warm(self) -> None:
        """Let the default model run once: what a first run sets up takes seconds."""
        derainer = self._derainers[self.default]
        side = derainer.model.card.size_multiple
        grey = np.full((side, side, 3), 128, np.uint8)
        await self._benches.at("network", lambda _: derainer(grey))
        self._warm = True

    def check_open(self) -> None:
        """Refuse what could not be worked on, before it is read.

        Raises:
            HTTPException: 429 or 503.
        """
        if self.stopping:
            raise HTTPException(503, "the server is about to stop; come again later", self._later())
        if self.visits >= self.settings.queue:
            self._metrics.pictures.labels("refused").inc()
            raise HTTPException(429, "too many pictures at once; come again later", self._later())

    @contextmanager
    def visit(self) -> Iterator[Visit]:
        """A place in the queue, until the answer is there or the visit is ended.

        Raises:
            HTTPException: 429 or 503.
            ClientDisconnect: The client left.
        """
        self.check_open()
        visit = Visit(self.settings.deadline)
        self._visits.add(visit)
        try:
            with visit.scope:
                yield visit
        finally:
            self._visits.discard(visit)
        if visit.scope.cancelled_caught:
            self._metrics.pictures.labels(visit.ended or "late").inc()
            if visit.ended == "left":
                raise ClientDisconnect
            why = "the server is about to stop" if visit.ended else "the deadline has passed"
            raise HTTPException(503, f"{why}; come again later", self._later())

    async def derain(self, order: Order, data: bytes, hold: Hold) -> Result:
        """Work on one picture, as the command line does.

        Args:
            order: What to make of it.
            data: Its file.
            hold: Of :attr:`pictures`; holds the result's bytes at the end.

        Raises:
            HTTPException: 406, or 422 for a picture that the memory does not hold.
            DerainError: The picture, or the run.
        """
        # Not kept open while it waits: decoders hold a copy of the file, which nobody has counted.
        probe, _ = await self._benches.at("decode", lambda _: PictureFile(data, NAME).probe)
        kind, pixels = order.result(probe.format), probe.width * probe.height
        if pixels > self.most_pixels:
            raise too_large(NAME, probe.width, probe.height, self.most_pixels)
        need = picture_memory(probe, kind.name)
        if need > self.pictures.total:
            raise HTTPException(
                422, f"{NAME}: too large for this server's memory as {kind.name}; shrink it"
            )
        await hold.wait_for(need)
        picture, decoded = await self._benches.at(
            "decode", lambda _: decode_picture(data, NAME, self.most_pixels)
        )
        if not order.rain:
            check_fits(picture, kind.name, NAME)
        clean, derained = await self._benches.at(
            "network", lambda stop: self._clean(order, picture, stop)
        )
        made = rain_picture(picture, clean) if order.rain else clean
        file, encoded = await self._benches.at(
            "encode", lambda _: encode_picture(made, kind.name, NAME, order.quality)
        )
        hold.keep(len(file))
        seconds = decoded + derained + encoded
        self._seconds += (seconds - self._seconds) / 8
        self._metrics.pictures.labels("done").inc()
        self._metrics.pixels.labels(order.model).inc(pixels)
        notes = [*picture.notes]
        if not order.rain and (told := left_out(picture, kind.name)):
            notes.append(told)
        return Result(file, kind, notes, seconds)

    def close(self) -> None:
        """Let the threads end, and remove what is on the disk."""
        self._benches.close()
        if self.clips:
            self.clips.close()

    async def stop(self) -> bool:
        """Refuse what is new and let what is there end, within the grace; whether all of it did.

        Clips end at once: their results would go with the server.
        """
        self.stopping = True
        cut_clips = self.clips.cut() if self.clips else 0
        with anyio.move_on_after(self.settings.grace):
            while self._visits or not (self.clips is None or self.clips.heard):
                await anyio.sleep(0.05)
        cut = list(self._visits)
        for visit in cut:
            visit.end("stopping")
        if self.clips:
            await self.clips.at_rest()
        return not cut and not cut_clips

    def _clean(self, order: Order, picture: Picture, stop: threading.Event) -> Picture:
        return picture.with_colour(self._run(order.model, picture.colour, order.strength, stop))

    def _clean_frame(
        self, model: str, frame: NDArray[Any], strength: float, stop: threading.Event
    ) -> NDArray[Any]:
        """A clip's frame, from its thread: it waits among the pictures, and they wait for it."""
        job = self._benches.submit("network", lambda: self._run(model, frame, strength, stop))
        return job.result()[0]

    def _run(
        self, model: str, colour: NDArray[Any], strength: float, stop: threading.Event
    ) -> NDArray[Any]:
        def check(*_: int) -> None:
            if stop.is_set():
                raise CancelledError

        check()
        with ended_by(check):  # within a tile; between two of them, for backends that cannot
            return self._derainer(model)(colour, strength=strength, progress=check)

    def _derainer(self, name: str) -> Derainer:
        if name not in self._derainers:
            self._derainers[name] = Derainer(
                self.models[name],
                backend=self.settings.backend,
                memory=self._network_memory,
                threads=self.settings.threads,
            )
        return self._derainers[name]

    def _later(self) -> dict[str, str]:
        """When to come again: when a place may be free."""
        seconds = math.ceil(self._seconds * max(1, self.visits))
        return {"Retry-After": str(min(_MOST_PATIENCE, max(1, seconds)))}


def _no_clips(settings: Settings) -> str:
    """Why a server takes no clips, if its settings or what is installed are the reason."""
    if not settings.clip_queue:
        return "this server takes no clips: it was started with --clip-queue 0"
    if not video_installed():
        return f"this server takes no clips: PyAV or OpenCV is not installed on it ({HOW})"
    return ""
