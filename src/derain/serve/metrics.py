"""What ``/metrics`` shows, in Prometheus' text format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from derain import __version__

if TYPE_CHECKING:
    from derain.serve.workshop import Workshop

MEDIA_TYPE = CONTENT_TYPE_LATEST
OUTCOMES = ("done", "refused", "unusable", "failed", "left", "late", "stopping")
CLIP_OUTCOMES = (
    "done",
    "partial",
    "refused",
    "unusable",
    "failed",
    "left",
    "cancelled",
    "stopping",
)
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


class Metrics:
    """Counters of one server; each has a registry of its own.

    Attributes:
        requests: Answers, by route and status.
        pictures: What became of pictures: ``done``; ``refused``, the queue was full; ``unusable``,
            the picture was; ``failed``, the server did; ``left``, the client did; ``late``, the
            deadline passed; ``stopping``, the server was told to.
        pixels: Pixels of pictures derained, by model.
        clips: What became of clips: as of pictures; ``partial``, parts could not be read;
            ``cancelled``, the client did; ``left``, the client did while it sent it.
        frames: Frames of clips derained, by model.
        seconds: How long stages took: ``decode``, ``network``, ``encode``; ``probe`` and ``clip``.
        waited: How long pictures and clips waited before each.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = self._counter("requests", "Answers by route and status", "route", "status")
        self.pictures = self._counter("pictures", "What became of pictures", "outcome")
        for outcome in OUTCOMES:
            self.pictures.labels(outcome)
        self.pixels = self._counter("pixels", "Pixels of pictures derained", "model")
        self.clips = self._counter("clips", "What became of clips", "outcome")
        for outcome in CLIP_OUTCOMES:
            self.clips.labels(outcome)
        self.frames = self._counter("clip_frames", "Frames of clips derained", "model")
        self.seconds = self._histogram("stage_seconds", "How long stages took")
        self.waited = self._histogram("stage_waited_seconds", "How long work waited for them")
        self._gauge("info", "Version", "version").labels(__version__).set(1)

    def watch(self, workshop: Workshop) -> None:
        """Show how full a workshop is whenever somebody asks."""
        taken = self._gauge("memory_taken_bytes", "Memory that requests have taken", "share")
        most = self._gauge("memory_most_bytes", "Memory that requests may take", "share")
        for name, share in (("uploads", workshop.uploads), ("pictures", workshop.pictures)):
            taken.labels(name).set_function(partial(getattr, share, "taken"))
            most.labels(name).set(share.total)
        self._gauge("queue", "Pictures waiting or worked on").set_function(lambda: workshop.visits)
        self._gauge("queue_most", "Places in the queue").set(workshop.settings.queue)
        if clips := workshop.clips:
            self._gauge("clip_queue", "Clips that come, wait or are worked on").set_function(
                lambda: clips.unfinished
            )
            self._gauge("clip_queue_most", "Places of clips").set(workshop.settings.clip_queue)
            self._gauge("clip_disk_taken_bytes", "Disk that clips have taken").set_function(
                lambda: clips.disk.taken
            )
            self._gauge("clip_disk_most_bytes", "Disk that clips may take").set(clips.disk.total)
        self._gauge("ready", "1 when pictures are taken").set_function(lambda: workshop.ready)

    def text(self) -> bytes:
        """Everything, as of now."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"derain_{name}", told, labels, registry=self._registry)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"derain_{name}", told, labels, registry=self._registry)

    def _histogram(self, name: str, told: str) -> Histogram:
        return Histogram(
            f"derain_{name}", told, ("stage",), buckets=_SECONDS, registry=self._registry
        )
