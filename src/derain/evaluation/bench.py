"""One method at work on pictures and clips: each is restored, scored, and noted in a record."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from derain.errors import DerainError
from derain.evaluation.item import Item
from derain.evaluation.records import Record
from derain.evaluation.worker import MethodInfo, Worker
from derain.metrics import Kind, Scorer


@dataclass(frozen=True)
class Job:
    """One picture or clip that is to be done.

    Attributes:
        blank: Its record, but for what comes out.
        item: The picture or clip.
        kind: Of its set.
        out: Where its result goes.
    """

    blank: Record
    item: Item
    kind: Kind
    out: Path


@dataclass(frozen=True)
class Setup:
    """What a bench is made from; it may be sent to another machine.

    Attributes:
        spec, backend, threads: As :class:`~derain.evaluation.worker.Worker` takes them.
        scorer: Of the results.
        info: What the method says of itself where the comparison was begun.
    """

    spec: str
    backend: str
    scorer: Scorer
    info: MethodInfo
    threads: int = 0


Execute = Callable[[Setup, Iterable[Job]], Iterator[Record]]
"""Does jobs of one method, somewhere, and gives their records as they come."""


class Bench:
    """Does jobs; what goes wrong with one is an error in its record."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._worker: Worker | None = None

    def __call__(self, job: Job) -> Record:
        try:
            worker = self._opened()
            done = worker.restore(job.blank.dataset, job.item, job.out)
            if done.error:
                return replace(job.blank, error=done.error)
            found = job.item.score(self._setup.scorer, job.kind, job.out)
        except (DerainError, ValueError) as error:
            return replace(job.blank, error=str(error))
        return replace(
            job.blank, width=found.width, height=found.height, seconds=round(done.seconds, 4),
            peak_bytes=done.peak_bytes, scores={k: round(v, 5) for k, v in found.scores.items()},
            frames=found.frames,
            curves={name: [round(v, 3) for v in curve] for name, curve in found.curves.items()},
        )  # fmt: skip

    def _opened(self) -> Worker:
        """The method; its record would tell of another one where this machine has another."""
        if self._worker is None:
            setup = self._setup
            worker = Worker(setup.spec, setup.backend, setup.threads)
            if worker.info.fingerprint != setup.info.fingerprint:
                worker.close()
                raise DerainError(
                    f"{socket.gethostname()}: has {worker.info.about} for {setup.spec}, not "
                    f"{setup.info.about}; install the same on all machines"
                )
            self._worker = worker
        return self._worker

    def close(self) -> None:
        """End the method's process."""
        if self._worker:
            self._worker.close()


def one_by_one(setup: Setup, jobs: Iterable[Job]) -> Iterator[Record]:
    """Jobs in their order, on this machine."""
    with closing(Bench(setup)) as bench:
        yield from map(bench, jobs)
