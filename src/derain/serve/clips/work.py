"""What is done with a clip: what the command line does, told in the words of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from derain.clips.derainers import for_clips
from derain.clips.formats import suffix_of_result
from derain.errors import DerainError, InvalidImageError
from derain.files import explain_os_error, publish
from derain.restore.memory import clip_memory
from derain.serve.clips.in_turn import InTurn
from derain.serve.clips.job import Job

NAME, RESULT = "the clip", "the result"
_HEAD = 4096
_WORDS = (
    ("-o NAME.mov or NAME.mkv", "format=mov or format=mkv"),
    ("-o NAME.mkv", "format=mkv"),
    ("--codec ", "codec "),
    ("--codec:", "codec:"),
    ("--codec)", "codec)"),
    ("--crf", "crf"),
)
"""What the command line says of its options, and what requests call them."""


def look_at(job: Job, most_pixels: int, memory: int) -> None:
    """Find out what a clip is, how its result is written, and that its work can be done.

    Raises:
        InvalidImageError: It is no clip, or one that cannot be derained here.
        UsageError: Its order does not go with it.
    """
    from derain.clips.codecs import choose_encoding
    from derain.clips.container import probe

    with told_in_words(job):
        own = suffix_of_result(_head(job.source))
        if own is None:
            raise InvalidImageError(
                f"{job.source}: is a picture; send pictures to /v1/derain, and derain animated "
                "ones with the command line"
            )
        info = probe(job.source, most_pixels)
        if clip_memory(*info.seen_size, info.deep) > memory:
            raise InvalidImageError(
                f"{job.source}: frames of {info.width}x{info.height} with more than 8 bits are "
                "too large for this server's memory; shrink it"
            )
        job.info, job.suffix, job.all = info, job.order.suffix or own, info.expected
        size = info.width, info.height
        choose_encoding(info.codec, info.pix_fmt, size, job.order.codec, job.order.crf, job.suffix)


def derain_job(
    job: Job,
    derainer: InTurn,
    progress: Callable[[int, int], None],
) -> None:
    """Make the result of a job; what is told of it goes to the job.

    Args:
        job: Was looked at.
        derainer: Of pictures, for what no other frame shows.
        progress: Told (finished frames, all frames as far as known); ends the work by raising.

    Raises:
        DerainError: There is no result.
    """
    from derain.clips.work import ClipJob, ClipOptions, made_clip

    assert job.info
    product = "rain" if job.order.rain else "clean"
    # No other run goes on with what this one leaves, so that no settings tell the two apart.
    work = ClipJob(
        job.source, {product: job.target}, for_clips(derainer), {},
        ClipOptions(codec=job.order.codec, crf=job.order.crf), progress,
    )  # fmt: skip
    with told_in_words(job), made_clip(work, job.info) as (files, result):
        publish(files[product], job.target)
    job.done = job.all = result.frames
    job.notes = [in_words(job, note) for note in result.notes]
    if result.damage:
        job.partial = True
        job.problem = result.told_damage(NAME, RESULT)


@contextmanager
def told_in_words(job: Job) -> Iterator[None]:
    """Errors name no file of the server's, and options as requests do."""
    try:
        yield
    except DerainError as error:
        raise type(error)(in_words(job, str(error))) from error


def in_words(job: Job, text: str) -> str:
    """A text about a job's files, for its client."""
    local = ((str(job.source), NAME), (str(job.target), RESULT), (f"{job.folder}/", ""))
    for ours, theirs in (*local, *_WORDS):
        text = text.replace(ours, theirs)
    return text


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise explain_os_error(error, path) from error
