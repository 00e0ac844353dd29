"""A run: pictures and clips of a plan that are not done yet, their results, a row for each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from derain.batch.clips import settled
from derain.batch.digests import Ours
from derain.batch.manifest import Manifest, Row
from derain.batch.plan import Plan, Task
from derain.batch.side_by_side import side_by_side
from derain.batch.worker import Worker

Ask = tuple[Task, Ours]
"""A task, and what earlier runs wrote as its result."""

Execute = Callable[[Iterable[Ask]], Iterator[Row]]
"""Does tasks, somewhere, and gives their rows as they come."""


@dataclass
class Progress:
    """What a run tells of itself.

    Attributes:
        total: Pictures and clips of the plan.
        before: Of these, done by earlier runs.
        row: The picture that was just finished.
    """

    total: int
    before: int = 0
    row: Row | None = None


def run_batch(plan: Plan, manifest: Manifest, execute: Execute) -> Generator[Progress, None, None]:
    """Do what is not done yet, and note each picture in the manifest as soon as it is finished.

    A result is written once: a killed run is gone on with by the same call. Pictures that failed
    before are tried again.

    Args:
        plan: The pictures.
        manifest: Of the target; is loaded, appended to and closed.
        execute: Where the work is done, such as :func:`threads`.

    Raises:
        InputNotFoundError, OutputConflictError: Before any work, as :meth:`Plan.check` and
            :meth:`Manifest.load`.
        DiskFullError, PermissionDeniedError, StoreError: The manifest cannot be written; the
            results are kept.
    """
    manifest.load()
    progress = Progress(plan.check())
    yield progress
    try:
        manifest.open(plan.shard)
        for row in execute(open_tasks(plan, manifest, progress)):
            manifest.append(row)
            progress.row = row
            yield progress
    finally:
        manifest.close()


def open_tasks(plan: Plan, manifest: Manifest, progress: Progress) -> Iterator[Ask]:
    """What is not done yet; what is, is counted."""
    for task in plan:
        if manifest.is_done(task.source):
            progress.before += 1
        else:
            yield task, manifest.ours(task)


def threads(worker: Worker, jobs: int) -> Execute:
    """Work in this process, ``jobs`` pictures at once."""
    return lambda asks: settled(worker.target, side_by_side(lambda ask: worker(*ask), asks, jobs))
