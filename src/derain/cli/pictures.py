"""Picture jobs: read here, derained and encoded in whatever thread, written here again.

Reading turns the process's standard error aside and writing must not be cut off, so both belong to
the thread that signals come to; the network and the encoders take the time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from derain.cli.inputs import STREAM
from derain.cli.jobs import Job
from derain.cli.libraries import caught_messages
from derain.errors import InvalidImageError
from derain.files import Placing, check_writable

if TYPE_CHECKING:
    from derain.media import Picture
    from derain.restore import Derainer
    from derain.restore.engine import Progress
    from derain.restore.room import Room


@dataclass
class Opened:
    """A picture that was read.

    Attributes:
        job, outputs: Its job, and the files of it that are to be written.
        picture: What was read.
        kind: The format of the clean one.
        notes: What the result does not keep.
        messages: What libraries said.
        room: What it has taken of the memory for pictures.
    """

    job: Job
    outputs: list[Path]
    picture: Picture
    kind: str
    notes: list[str]
    messages: list[str]
    room: AbstractContextManager[object]


@dataclass
class Encoded:
    """The files of a job, not yet written.

    Attributes:
        files: By path; that of the standard output is ``STREAM``.
        failed: What kept a picture beside the clean one from being made.
        changed: Whether the clean picture differs from the picture.
    """

    files: dict[Path, bytes] = field(default_factory=dict)
    failed: InvalidImageError | None = None
    changed: bool = True


def open_picture(
    job: Job, outputs: list[Path], kind: str | None, max_pixels: int | None, room: Room
) -> Opened:
    """Read the picture of a job, once there is memory for it.

    Args:
        job: Which.
        outputs: The files of it that are to be written; with none, it goes to standard output.
        kind: The format of all clean pictures; None for that of the file name or, in a stream, of
            the input.
        max_pixels: Larger ones are refused.
        room: For pictures that are worked on, and their results.

    Raises:
        DerainError: It cannot be read, or not be kept by its result.
    """
    from derain.media import (
        PictureFile,
        check_fits,
        format_of,
        left_out,
        read_file,
        read_stream,
    )
    from derain.restore.interrupt import interruptible
    from derain.restore.memory import picture_memory

    for output in outputs:
        check_writable(output)
    name = "standard input" if job.source == STREAM else str(job.source)
    data = read_stream(sys.stdin.buffer, name) if job.source == STREAM else read_file(job.source)
    with ExitStack() as stack:
        with caught_messages() as messages:
            file = PictureFile(data, name)
            kind = format_of(job.target).name if outputs else kind or file.probe.format
            stack.enter_context(room.hold(picture_memory(file.probe, kind)))
            picture = interruptible(lambda: file.decode(max_pixels))
        check_fits(picture, kind, str(job.target))
        notes = [*picture.notes]
        if told := left_out(picture, kind):
            notes.append(f"{job.target}: {told}")
        return Opened(job, outputs, picture, kind, notes, messages, stack.pop_all())


def restore_picture(
    derainer: Derainer, opened: Opened, quality: int | None, progress: Progress
) -> Encoded:
    """Derain a picture and encode all files of its job.

    Raises:
        DerainError: The run, or the clean picture's format.
    """
    import numpy as np

    from derain.media import encode_picture, format_of
    from derain.media.compared import rain_picture
    from derain.restore.interrupt import interruptible

    job, picture = opened.job, opened.picture
    clean = picture.with_colour(derainer(picture.colour, progress=progress))
    changed = not np.array_equal(picture.colour, clean.colour)

    def encode(made: Picture, output: Path, kind: str) -> bytes:
        return interruptible(lambda: encode_picture(made, kind, str(output), quality))

    if not opened.outputs:
        return Encoded({STREAM: encode(clean, job.target, opened.kind)}, changed=changed)
    companions: dict[Path | None, Callable[[], Picture]] = {
        job.rain: lambda: rain_picture(picture, clean),
        job.compare: lambda: _compared(picture, clean),
    }
    encoded = Encoded(changed=changed)
    for output in reversed(opened.outputs):
        made = clean if output == job.target else companions[output]()
        try:
            encoded.files[output] = encode(made, output, format_of(output).name)
        except InvalidImageError as error:
            if output == job.target:
                raise
            encoded.failed = error
    return encoded


def write_files(outputs: list[Path], encoded: Encoded, placing: Placing) -> None:
    """Write the files of a job, the clean picture last, so that its being there means all are.

    Args:
        outputs: None for the standard output.
        encoded: What is written.
        placing: What becomes of a file that is there, perhaps since the work began.

    Raises:
        OutputConflictError: One is there that is not replaced.
        DerainError: The disk refused, or a picture beside the clean one could not be made.
    """
    for output in outputs or [STREAM]:
        if output == STREAM:
            sys.stdout.buffer.write(encoded.files[STREAM])
            sys.stdout.buffer.flush()
        elif output in encoded.files:
            placing.write(output, encoded.files[output])
    if encoded.failed:
        raise InvalidImageError(f"{encoded.failed}; the clean picture is written")


def _compared(rainy: Picture, clean: Picture) -> Picture:
    from derain.media.compared import side_by_side

    alpha = None if rainy.alpha is None else side_by_side(rainy.alpha, rainy.alpha)
    return replace(clean, colour=side_by_side(rainy.colour, clean.colour), alpha=alpha)
