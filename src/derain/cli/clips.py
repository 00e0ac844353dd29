"""Jobs whose input is a clip: a video file, an animated picture, a folder of frames."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derain.cli.console import Reporter
from derain.cli.inputs import STREAM
from derain.cli.jobs import Job, no_stream
from derain.clips.formats import (
    ANIMATED,
    check_clip_name,
    is_clip,
    is_container,
    may_be_animated,
)
from derain.clips.result import ClipResult
from derain.errors import OutputConflictError, UsageError
from derain.files import Placing

if TYPE_CHECKING:
    from derain.restore import Derainer


@dataclass(frozen=True)
class ClipPolicy:
    """What part of clips is meant, and how results are encoded; None for what is usual."""

    start: float | None = None
    end: float | None = None
    codec: str | None = None
    crf: int | None = None

    @property
    def asked(self) -> str:
        """The options that were given, in words."""
        words = vars(self).items()
        return ", ".join(f"--{name}" for name, value in words if value is not None)


@dataclass(frozen=True)
class Making:
    """How results are made, whatever they are.

    Attributes:
        quality: 1 to 100 for pictures, animated ones and frames; None for what is usual.
        placing: What becomes of a file that came under a result's name since the work began.
        max_pixels: Pictures and frames with more are refused.
    """

    quality: int | None
    placing: Placing
    max_pixels: int | None


@dataclass(frozen=True)
class Done:
    """What became of a job.

    Attributes:
        size: (width, height).
        notes: What was told of it.
        frames: How many, of clips.
        changed: Whether the clean picture, or any frame of the clean clip, differs.
    """

    size: tuple[int, int]
    notes: list[str]
    frames: int = 0
    changed: bool = True


def seconds_of(text: str | None, option: str) -> float | None:
    """Seconds from ``90``, ``1:30`` or ``0:01:30.5``.

    Raises:
        UsageError: None of these.
    """
    if text is None:
        return None
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or any(not 0 <= part < 1e9 for part in parts):
        raise UsageError(f"{option} must be seconds or H:MM:SS, not {text}")
    seconds = 0.0
    for part in parts:
        seconds = 60 * seconds + part
    return seconds


def check_used(jobs: list[Job], policy: ClipPolicy, of_pictures: str) -> None:
    """Refuse options that were given for nothing.

    Args:
        jobs: All there are.
        policy: Options of video files.
        of_pictures: Options of all but video files that were given, in words.

    Raises:
        UsageError: No job can use one.
    """
    videos = sum(is_container(job.source) for job in jobs)
    if policy.asked and not videos:
        raise UsageError(f"{policy.asked}: for video files only, and none was named")
    if of_pictures and videos == len(jobs):
        raise UsageError(
            f"{of_pictures}: for pictures only, and none was named; for video files see --codec"
        )


def with_codec(policy: ClipPolicy, jobs: list[Job]) -> ClipPolicy:
    """The policy with FFmpeg's name of its codec, known before any work is put into a clip.

    Raises:
        UsageError: None that is written.
    """
    if policy.codec is None or not any(is_container(job.source) for job in jobs):
        return policy
    from derain.clips.codecs import codec_named

    return replace(policy, codec=codec_named(policy.codec))


def holds_clip(job: Job) -> bool:
    """Whether the input of a job is a clip."""
    if job.frames or is_clip(job.source):
        return True
    if not may_be_animated(job.source) or not job.source.is_file():
        return False
    from derain.clips.animation import is_animated

    return is_animated(job.source)


def check_animated(job: Job) -> None:
    """Look into a picture that may be an animated one, where its result could not be one.

    Raises:
        InvalidImageError, UsageError: It is one.
    """
    if job.target.suffix.lower() in ANIMATED or not holds_clip(job):
        return
    if job.target == STREAM:
        raise no_stream(job.source)
    check_clip_name(job.source, job.target)


def missing_frames(job: Job, skip_existing: bool, overwrite: bool) -> list[Path]:
    """The results of a folder of frames that are to be made.

    Raises:
        OutputConflictError: Some are there, and what is to become of them was not said.
    """
    from derain.clips.folder import frame_files

    wanted = [job.target / path.name for path in frame_files(job.source)]
    there = {path for path in wanted if os.path.lexists(path)}
    if there and not (skip_existing or overwrite):
        raise OutputConflictError(
            f"{job.target}: holds {len(there)} of the frames already; add --overwrite, "
            "--skip-existing to go on, or another -o"
        )
    return [path for path in wanted if path not in there or overwrite]


def derain_clip_job(
    derainer: Derainer,
    job: Job,
    outputs: list[Path],
    policy: ClipPolicy,
    making: Making,
    reporter: Reporter,
) -> Done:
    """Do a job whose input is a clip; ``outputs`` are those of its files that are to be made."""
    from derain.clips.derainers import for_clips

    stream = for_clips(derainer)
    if job.frames or not is_container(job.source):
        if policy.asked:
            raise UsageError(f"{job.source}: {policy.asked} goes with video files only")
        small = _folder if job.frames else _animation
        return small(stream, job, outputs, making, reporter)
    return _container(derainer, stream, job, outputs, policy, making, reporter)


def _container(
    derainer: Derainer,
    stream: Any,
    job: Job,
    outputs: list[Path],
    policy: ClipPolicy,
    making: Making,
    reporter: Reporter,
) -> Done:
    from derain.clips.decode import Span
    from derain.clips.derainers import settings_of
    from derain.clips.work import ClipJob, ClipOptions, derain_clip

    options = ClipOptions(
        Span(policy.start, policy.end), policy.codec, policy.crf, most_pixels=making.max_pixels
    )
    try:
        done = derain_clip(
            ClipJob(
                job.source, _products(job, outputs), stream, settings_of(derainer), options,
                reporter.frame, reporter.line,
            ),
            making.placing,
        )  # fmt: skip
    except KeyboardInterrupt:
        reporter.line(f"{job.target}: the same command goes on where this one was ended")
        raise
    return _told(done)


def _animation(
    stream: Any,
    job: Job,
    outputs: list[Path],
    making: Making,
    reporter: Reporter,
) -> Done:
    from derain.clips.animation_work import derain_animation

    products = _products(job, outputs)
    done = derain_animation(
        job.source, products, stream, reporter.frame, making.quality, making.placing,
        making.max_pixels,
    )  # fmt: skip
    for note in done.notes:
        reporter.line(note)
    return _told(done)


def _folder(
    stream: Any,
    job: Job,
    outputs: list[Path],
    making: Making,
    reporter: Reporter,
) -> Done:
    from derain.clips.folder import derain_folder, frame_files

    names = {path.name for path in outputs}
    files = frame_files(job.source)
    wanted = [path for path in files if path.name in names]
    return _told(
        derain_folder(
            files, job.target, wanted, stream, reporter.frame, making.quality, making.placing,
            making.max_pixels,
        )
    )  # fmt: skip


def _told(done: ClipResult) -> Done:
    return Done((done.width, done.height), done.notes, done.frames, done.changed)


def _products(job: Job, outputs: list[Path]) -> dict[str, Path]:
    """The files to be made by what they show, the clean clip last."""
    places = {"rain": job.rain, "compare": job.compare, "clean": job.target}
    return {name: path for name, path in places.items() if path is not None and path in outputs}
