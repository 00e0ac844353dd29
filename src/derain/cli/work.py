"""Jobs done one after the other: read, derain, write, report; one never stops the others."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from derain.cli.clips import ClipPolicy, Done, derain_clip_job, holds_clip, missing_frames
from derain.cli.console import Reporter
from derain.cli.inputs import STREAM
from derain.cli.jobs import Job
from derain.cli.libraries import caught_messages
from derain.errors import DerainError, InvalidImageError, OutputConflictError
from derain.explained import explained
from derain.files import atomic_write, check_writable

if TYPE_CHECKING:
    from derain.media import Picture
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


@dataclass
class Tally:
    """What became of the jobs."""

    done: int = 0
    skipped: int = 0
    unchanged: int = 0


def run_jobs(
    jobs: list[Job],
    derainer: Derainer,
    policy: Policy,
    reporter: Reporter,
    errors: list[DerainError],
) -> Tally:
    """Do all jobs; those that fail add to ``errors``.

    A dry picture may come back as it was; that every one does is told.
    """
    tally = Tally()
    for job in jobs:
        started = time.monotonic()
        record: dict[str, object] = {"input": str(job.source), "output": str(job.target)}
        pixels = 0
        try:
            outputs = missing(job, policy)
            if not outputs and job.target != STREAM:
                tally.skipped += 1
                reporter.record({**record, "status": "skipped"})
                if len(jobs) == 1:
                    reporter.line(f"{job.target}: exists, skipped")
            else:
                if holds_clip(job):
                    made = derain_clip_job(derainer, job, outputs, policy.clips, reporter)
                else:
                    made = _one(derainer, job, outputs, policy, reporter)
                width, height = made.size
                pixels, seconds = width * height, time.monotonic() - started
                tally.done += 1
                tally.unchanged += not made.changed
                reporter.record(
                    {**record, "status": "done", "width": width, "height": height,
                     **({"frames": made.frames} if made.frames else {}),
                     "model": derainer.model.card.name, "backend": derainer.backend,
                     "strength": derainer.strength, "seconds": round(seconds, 3),
                     **({"notes": made.notes} if made.notes else {})}
                )  # fmt: skip
                if job.target != STREAM:
                    frames = f", {made.frames} frames" if made.frames else ""
                    reporter.line(f"{job.target}  {width}x{height}{frames} in {seconds:.1f} s")
        except BrokenPipeError:  # nobody reads any more
            raise
        except Exception as caught:  # noqa: BLE001 - one picture never stops the others
            error = explained(caught, job.source)
            reporter.record({**record, "status": "failed", "error": str(error)})
            errors.append(error)
            reporter.warn(str(error))
        reporter.finished(pixels)
    if derainer.strength > 0 and tally.done and tally.unchanged == tally.done:
        reporter.warn(
            f"{derainer.model.card.name}: no pixel was changed, the results equal the pictures; "
            "is there rain in them, and is it the right --model?"
        )
    return tally


def plan_only(
    jobs: list[Job], policy: Policy, reporter: Reporter, errors: list[DerainError]
) -> Tally:
    """Say what :func:`run_jobs` would do, and do nothing."""
    tally = Tally()
    for job in jobs:
        record: dict[str, object] = {"input": str(job.source), "output": str(job.target)}
        try:
            outputs = missing(job, policy)
        except DerainError as error:
            reporter.record({**record, "status": "failed", "error": str(error)})
            errors.append(error)
            reporter.warn(str(error))
            continue
        if not outputs and job.target != STREAM:
            tally.skipped += 1
            reporter.record({**record, "status": "skipped"})
            reporter.listed(f"{job.source}: skipped, {job.target} exists")
            continue
        tally.done += 1
        names = [str(job.target)] if job.frames else [str(output) for output in outputs or [STREAM]]
        reporter.record({**record, "status": "planned", "outputs": names})
        reporter.listed(f"{job.source} -> {', '.join(names)}")
    return tally


def missing(job: Job, policy: Policy) -> list[Path]:
    """The files of a job that are to be written.

    The clean picture is written last: where it is missing, so is all the rest.

    Raises:
        OutputConflictError: Something stands there, and what is to become of it was not said.
    """
    if job.frames:
        return missing_frames(job, policy.skip_existing, policy.overwrite)
    there = [output for output in job.outputs if os.path.lexists(output)]
    if policy.skip_existing and _is_result(job.target):
        return [output for output in job.outputs if output not in there]
    for output in there:
        if output.is_dir():
            raise OutputConflictError(f"{output}: is a folder; give another -o")
        if not policy.overwrite and (not policy.skip_existing or _leads_nowhere(output)):
            raise OutputConflictError(
                f"{output}: exists already; add --overwrite, --skip-existing or another -o"
            )
    return job.outputs


def _is_result(path: Path) -> bool:
    # Ours are written whole or not at all: an empty one is nobody's result.
    return path.is_file() and path.stat().st_size > 0


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _one(
    derainer: Derainer, job: Job, outputs: list[Path], policy: Policy, reporter: Reporter
) -> Done:
    """Derain one picture and write ``outputs`` of its job.

    All files are encoded before the first is written, and the clean picture is written last, so
    that its being there means that all are that can be.
    """
    import numpy as np

    from derain.media import check_fits, encode_picture, format_of, left_out
    from derain.media.compared import rain_picture
    from derain.restore.interrupt import interruptible

    for output in outputs:
        check_writable(output)
    picture, messages = _read(job, policy)
    # With nothing to write, the picture goes to the standard output.
    kind = format_of(job.target).name if outputs else policy.format or picture.format
    check_fits(picture, kind, str(job.target))
    notes = [*picture.notes]
    if told := left_out(picture, kind):
        notes.append(f"{job.target}: {told}")
    for note in notes:
        reporter.warn(note)
    for message in messages:
        reporter.line(f"{job.source}: {message}")
    clean = picture.with_colour(derainer(picture.colour, progress=reporter.tile))
    done = Done(picture.size, notes, changed=not np.array_equal(picture.colour, clean.colour))

    def encode(made: Picture, output: Path, kind: str) -> bytes:
        return interruptible(lambda: encode_picture(made, kind, str(output), policy.quality))

    if not outputs:
        sys.stdout.buffer.write(encode(clean, job.target, kind))
        sys.stdout.buffer.flush()
        return done
    companions: dict[Path | None, Callable[[], Picture]] = {
        job.rain: lambda: rain_picture(picture, clean),
        job.compare: lambda: _compared(picture, clean),
    }
    encoded: dict[Path, bytes] = {}
    failed: InvalidImageError | None = None
    for output in reversed(outputs):
        made = clean if output == job.target else companions[output]()
        try:
            encoded[output] = encode(made, output, format_of(output).name)
        except InvalidImageError as error:
            if output == job.target:
                raise
            failed = error
    for output in outputs:
        if output in encoded:
            atomic_write(output, encoded[output])
    if failed:
        raise InvalidImageError(f"{failed}; the clean picture is written")
    return done


def _read(job: Job, policy: Policy) -> tuple[Picture, list[str]]:
    """The picture of a job, and what libraries said of it."""
    from derain.media import decode_picture, read_picture, read_stream
    from derain.restore.interrupt import interruptible

    if job.source == STREAM:
        name = "standard input"
        data = read_stream(sys.stdin.buffer, name)
        with caught_messages() as messages:
            picture = interruptible(lambda: decode_picture(data, name, policy.max_pixels))
    else:
        with caught_messages() as messages:
            picture = interruptible(lambda: read_picture(job.source, policy.max_pixels))
    return picture, messages


def _compared(rainy: Picture, clean: Picture) -> Picture:
    from derain.media.compared import side_by_side

    alpha = None if rainy.alpha is None else side_by_side(rainy.alpha, rainy.alpha)
    return replace(clean, colour=side_by_side(rainy.colour, clean.colour), alpha=alpha)
