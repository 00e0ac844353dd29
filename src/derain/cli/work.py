"""Jobs done, pictures side by side, and told in their order; one never stops the others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from derain.cli.clips import (
    ClipPolicy,
    Done,
    Making,
    check_animated,
    derain_clip_job,
    holds_clip,
    missing_frames,
)
from derain.cli.console import Reporter
from derain.cli.inputs import STREAM
from derain.cli.jobs import Job
from derain.cli.pictures import (
    Encoded,
    Opened,
    open_picture,
    restore_picture,
    write_files,
)
from derain.cli.turns import Turns
from derain.errors import DerainError, OutputConflictError
from derain.explained import explained
from derain.files import NEW, OVER, in_the_way

if TYPE_CHECKING:
    from derain.restore import Derainer


@dataclass(frozen=True)
class Policy:
    """How pictures are read and written.

    Attributes:
        skip_existing: Make only what is not there.
        overwrite: Replace what is there.
        format: Pillow's name of the format of all clean pictures; None for that of the file name
            or, in a stream, of the input.
        quality: 1 to 100 for formats with loss; None for what is usual.
        max_pixels: Larger pictures are refused.
        clips: What goes for clips only.
    """

    skip_existing: bool = False
    overwrite: bool = False
    format: str | None = None
    quality: int | None = None
    max_pixels: int | None = None
    clips: ClipPolicy = field(default_factory=ClipPolicy)

    @property
    def making(self) -> Making:
        """What of it is the same for pictures and clips."""
        placing = OVER if self.overwrite or self.skip_existing else NEW
        return Making(self.quality, placing, self.max_pixels)


@dataclass
class Tally:
    """What became of the jobs."""

    done: int = 0
    skipped: int = 0
    unchanged: int = 0


@dataclass
class _Task:
    """A job that is to be done.

    Attributes:
        number: Its place among all jobs.
        job: It.
        started: When it was begun.
        outputs: The files of it that are to be written.
        clip: Whether its input is a clip.
        error: What is wrong with it.
        opened: Its picture, until it is derained.
        size, notes: Of the picture.
        encoded: What became of it.
    """

    number: int
    job: Job
    started: float
    outputs: list[Path] = field(default_factory=list)
    clip: bool = False
    error: Exception | None = None
    opened: Opened | None = None
    size: tuple[int, int] = (0, 0)
    notes: list[str] = field(default_factory=list)
    encoded: Encoded | None = None


def run_jobs(
    jobs: list[Job],
    derainer: Derainer,
    policy: Policy,
    reporter: Reporter,
    errors: list[DerainError],
    at_once: int = 1,
) -> Tally:
    """Do all jobs; those that fail add to ``errors``.

    Args:
        jobs: What to do.
        derainer: For so many pictures at once.
        policy: How.
        reporter: Is told of the jobs in their order, whichever is finished first.
        errors: Those so far.
        at_once: Pictures side by side; clips come one after the other.
    """
    work = _Work(derainer, policy, reporter, errors)
    for clips, tasks in groupby(work.tasks(jobs), lambda task: task.clip):
        if clips:
            for task in tasks:
                work.clip(task)
        else:
            work.pictures(tasks, at_once)
    work.tell_if_nothing_changed()
    return work.tally


class _Work:
    """A run over jobs. All but :meth:`_restore` is for one thread."""

    def __init__(
        self, derainer: Derainer, policy: Policy, reporter: Reporter, errors: list[DerainError]
    ) -> None:
        from derain.restore.room import picture_room

        self.tally = Tally()
        self._derainer, self._policy = derainer, policy
        self._reporter, self._errors = reporter, errors
        self._turns, self._room = Turns(), picture_room()

    def tasks(self, jobs: list[Job]) -> Iterator[_Task]:
        """The jobs of which something is to be made, and those that cannot be done."""
        for number, job in enumerate(jobs):
            task = _Task(number, job, time.monotonic())
            try:
                task.outputs = missing(job, self._policy)
                if not task.outputs and job.target != STREAM:
                    self._skip(task, told=len(jobs) == 1)
                    continue
                task.clip = holds_clip(job)
            except Exception as caught:  # noqa: BLE001 - one picture never stops the others
                task.error = caught
            yield task

    def pictures(self, tasks: Iterable[_Task], at_once: int) -> None:
        """Do picture jobs, so many side by side."""
        done: Iterable[_Task] = map(self._open, tasks)
        if at_once == 1:  # in this thread, where a signal leaves nothing at work
            done = map(self._restore, done)
        else:
            from derain.batch.side_by_side import side_by_side

            done = side_by_side(self._restore, done, at_once)
        for task in done:
            self._finish(task, partial(self._write, task))

    def clip(self, task: _Task) -> None:
        """Do a job whose input is a clip."""
        self._finish(
            task,
            lambda: derain_clip_job(
                self._derainer_of_clips,
                task.job,
                task.outputs,
                self._policy.clips,
                self._policy.making,
                self._reporter,
            ),
        )

    @cached_property
    def _derainer_of_clips(self) -> Derainer:
        return self._derainer.alone()

    def tell_if_nothing_changed(self) -> None:
        """A dry picture may come back as it was; that every one does is told."""
        if self._derainer.strength > 0 and 0 < self.tally.done == self.tally.unchanged:
            self._reporter.warn_of_no_change(self._derainer.model.card.name)

    def _open(self, task: _Task) -> _Task:
        if task.error:
            return task
        policy = self._policy
        try:
            opened = open_picture(
                task.job, task.outputs, policy.format, policy.max_pixels, self._room
            )
        except Exception as caught:  # noqa: BLE001 - one picture never stops the others
            task.error = caught
            return task
        task.opened, task.size, task.notes = opened, opened.picture.size, opened.notes
        for note in opened.notes:
            self._turns.tell(task.number, partial(self._reporter.warn, note))
        for message in opened.messages:
            told = f"{task.job.source}: {message}"
            self._turns.tell(task.number, partial(self._reporter.line, told))
        return task

    def _restore(self, task: _Task) -> _Task:
        opened, task.opened = task.opened, None
        if opened:
            progress = partial(self._reporter.tile, task.number)
            try:
                with opened.room:
                    task.encoded = restore_picture(
                        self._derainer, opened, self._policy.quality, progress
                    )
            except Exception as caught:  # noqa: BLE001 - one picture never stops the others
                task.error = caught
        return task

    def _write(self, task: _Task) -> Done:
        if task.error:
            raise task.error
        assert task.encoded
        write_files(task.outputs, task.encoded, self._policy.making.placing)
        return Done(task.size, task.notes, changed=task.encoded.changed)

    def _finish(self, task: _Task, make: Callable[[], Done]) -> None:
        """Let a job's results be made, and tell of them when it is its turn."""
        tell, reporter, pixels = partial(self._turns.tell, task.number), self._reporter, 0
        try:
            made = make()
            pixels = made.size[0] * made.size[1]
            self.tally.done += 1
            self.tally.unchanged += not made.changed
            for call in self._done(task, made):
                tell(call)
        except BrokenPipeError:  # nobody reads any more
            raise
        except Exception as caught:  # noqa: BLE001 - one picture never stops the others
            error = explained(caught, task.job.source)
            self._errors.append(error)
            tell(
                partial(
                    reporter.record, {**task.job.record, "status": "failed", "error": str(error)}
                )
            )
            tell(partial(reporter.warn, str(error)))
        reporter.finished(task.number, pixels)
        self._turns.end(task.number)

    def _done(self, task: _Task, made: Done) -> Iterator[Callable[[], None]]:
        seconds, derainer = time.monotonic() - task.started, self._derainer
        width, height = made.size
        record = {
            **task.job.record, "status": "done", "width": width, "height": height,
            **({"frames": made.frames} if made.frames else {}),
            "model": derainer.model.card.name, "backend": derainer.backend,
            "strength": derainer.strength, "seconds": round(seconds, 3),
            **({"notes": made.notes} if made.notes else {}),
        }  # fmt: skip
        yield partial(self._reporter.record, record)
        if task.job.target != STREAM:
            frames = f", {made.frames} frames" if made.frames else ""
            line = f"{task.job.target}  {width}x{height}{frames} in {seconds:.1f} s"
            yield partial(self._reporter.line, line)

    def _skip(self, task: _Task, told: bool) -> None:
        self.tally.skipped += 1
        tell = partial(self._turns.tell, task.number)
        tell(partial(self._reporter.record, {**task.job.record, "status": "skipped"}))
        if told:
            tell(partial(self._reporter.line, f"{task.job.target}: exists, skipped"))
        self._reporter.finished(task.number)
        self._turns.end(task.number)


def plan_only(
    jobs: list[Job], policy: Policy, reporter: Reporter, errors: list[DerainError]
) -> Tally:
    """Say what :func:`run_jobs` would do, and do nothing."""
    tally = Tally()
    for job in jobs:
        try:
            outputs = missing(job, policy)
        except Exception as caught:  # noqa: BLE001 - one picture never stops the others
            error = explained(caught, job.source)
            reporter.record({**job.record, "status": "failed", "error": str(error)})
            errors.append(error)
            reporter.warn(str(error))
            continue
        if not outputs and job.target != STREAM:
            tally.skipped += 1
            reporter.record({**job.record, "status": "skipped"})
            reporter.listed(f"{job.source}: skipped, {job.target} exists")
            continue
        tally.done += 1
        names = [str(job.target)] if job.frames else [str(output) for output in outputs or [STREAM]]
        reporter.record({**job.record, "status": "planned", "outputs": names})
        reporter.listed(f"{job.source} -> {', '.join(names)}")
    return tally


def missing(job: Job, policy: Policy) -> list[Path]:
    """The files of a job that are to be written.

    Raises:
        OutputConflictError: Something stands there, and what is to become of it was not said.
        InvalidImageError, UsageError: An animated picture was to go where it cannot.
    """
    if job.frames:
        return missing_frames(job, policy.skip_existing, policy.overwrite)
    outputs = _missing_files(job, policy)
    if outputs or job.target == STREAM:
        check_animated(job)
    return outputs


def _missing_files(job: Job, policy: Policy) -> list[Path]:
    there = [output for output in job.outputs if os.path.lexists(output)]
    for output in there:
        if output.is_dir():
            raise OutputConflictError(f"{output}: is a folder; give another -o")
        if not policy.overwrite and (not policy.skip_existing or _leads_nowhere(output)):
            raise in_the_way(output)
    if not policy.skip_existing:
        return job.outputs
    return [output for output in job.outputs if output not in there or _is_empty(output)]


def _is_empty(path: Path) -> bool:
    # Ours are written whole or not at all: an empty one is nobody's result.
    return path.is_file() and path.stat().st_size == 0


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()
