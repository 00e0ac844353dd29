"""A clip from beginning to end: decode, derain, encode in segments, join, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from derain.clips.codecs import choose_encoding
from derain.clips.container import ClipInfo, probe
from derain.clips.decode import Damage, Span, read_frames
from derain.clips.derainers import FrameDerainer, beside
from derain.clips.encode import SegmentEncoder
from derain.clips.frames import Frame
from derain.clips.join import Join
from derain.clips.library import av
from derain.clips.manifest import Workplace, identity
from derain.clips.products import PRODUCTS, size_of
from derain.clips.result import ClipResult
from derain.clips.segments import read_index
from derain.errors import DamagedClipError, DerainError, InvalidImageError
from derain.files import OVER, Placing, check_writable

SEGMENT = 24
"""Frames of a segment: what is lost at most when a process is killed."""


@dataclass(frozen=True)
class ClipOptions:
    """How a clip is worked on.

    Attributes:
        span: The part that is meant.
        codec: The codec of the result; None for the clip's own.
        crf: Its constant rate factor; None for the usual one.
        segment: Frames of a segment.
        most_pixels: Clips whose frames have more are refused; None for any number.
    """

    span: Span = field(default_factory=Span)
    codec: str | None = None
    crf: int | None = None
    segment: int = SEGMENT
    most_pixels: int | None = None


@dataclass(frozen=True)
class ClipJob:
    """A clip, and what is to be made of it.

    Attributes:
        source: The rainy clip.
        outputs: Where each of :data:`~derain.clips.products.PRODUCTS` that is wanted goes. The last
            is published last, and the segments lie beside it.
        derainer: Applied to the frames.
        settings: What decides about results beside the derainer's ``fingerprint``: model, strength
            and so on. A run with the same ones goes on where an earlier one was ended.
        options: How it is worked on.
        progress: Told (finished frames, all frames as far as known).
        tell: Told what matters before the work begins.
    """

    source: Path
    outputs: Mapping[str, Path]
    derainer: FrameDerainer
    settings: Mapping[str, Any]
    options: ClipOptions = field(default_factory=ClipOptions)
    progress: Callable[[int, int], None] = lambda done, total: None
    tell: Callable[[str], None] = lambda line: None

    @property
    def target(self) -> Path:
        """The result that is published last."""
        return list(self.outputs.values())[-1]


def derain_clip(job: ClipJob, placing: Placing = OVER) -> ClipResult:
    """Derain a clip into files that appear when they are whole.

    Args:
        job: Which clip, and what is made of it.
        placing: What becomes of a file that came under a result's name since the work began.

    Raises:
        DamagedClipError: Parts of the clip could not be read; what could be is written.
        OutputConflictError: Another process is at work on the same result, or a file came under
            its name; the work is kept.
        DerainError: Nothing was written.
    """
    with made_clip(job, probe(job.source, job.options.most_pixels)) as (files, result):
        for product, made in files.items():
            placing.publish(made, job.outputs[product])
    if result.damage:
        raise DamagedClipError(result.told_damage(job.source, job.target))
    return result


@contextmanager
def made_clip(job: ClipJob, info: ClipInfo) -> Iterator[tuple[Mapping[str, Path], ClipResult]]:
    """The results of a clip as finished files on the disks of its outputs, to be moved there.

    What was worked out goes when the block ends, and stays for the next run when it raises. Errors
    are those of :func:`derain_clip`, but damage is told by the result alone.

    Args:
        job: Which clip, and what is made of it.
        info: What is known of it.
    """
    source, outputs, target = job.source, job.outputs, job.target
    options, tell = job.options, job.tell
    for output in outputs.values():
        check_writable(output)
    plans, notes = {}, [f"{source}: {note}" for note in info.notes]
    for product, output in outputs.items():
        size = size_of(product, info)
        encoding, found = choose_encoding(
            info.codec, info.pix_fmt, size, options.codec, options.crf, output.suffix.lower()
        )
        plans[product] = (encoding, size)
        notes += [f"{output}: {note}" for note in found]
    for note in dict.fromkeys(notes):
        tell(note)
    versions = {"av": av.__version__, **{k: list(v) for k, v in av.library_versions.items()}}
    place = Workplace(
        target,
        {
            "input": identity(source), "settings": dict(job.settings), "versions": versions,
            "derainer": job.derainer.fingerprint,
            "span": [options.span.start, options.span.end], "frames a segment": options.segment,
            "encoding": {k: [e.codec, e.pix_fmt, dict(e.options)] for k, (e, _) in plans.items()},
        },
    )  # fmt: skip
    with place.held():
        done, discarded = place.resume(list(outputs))
        if discarded:
            tell(f"{target}: what an earlier run had done is discarded, since {discarded}")
        first = next(iter(outputs))
        resumed = sum(len(read_index(place.segment(n, first))) for n in range(done))
        if resumed:
            tell(f"{target}: going on after {resumed} frames")
        damage, count, changed = Damage(), done, done > 0
        # Behind a last, short segment there is nothing to derain.
        pairs = _results(info, job.derainer, options, done * options.segment, damage)
        for count, chunk in enumerate(_chunks(pairs, options.segment), done + 1):
            encoders = {p: SegmentEncoder(info, *plan) for p, plan in plans.items()}
            for rainy, clean in chunk:
                changed = changed or not np.array_equal(rainy.colour, clean.colour)
                for product, encoder in encoders.items():
                    encoder.add(PRODUCTS[product](rainy, clean))
                job.progress(clean.index + 1, max(info.expected, clean.index + 1))
            for product, encoder in encoders.items():
                encoder.write(place.segment(count - 1, product))
        if count == 0:
            place.clear()
            raise InvalidImageError(f"{source}: no frame lies in the part that is meant")
        lost: list[str] = []
        files: dict[str, Path] = {}
        for product, output in outputs.items():
            encoding, size = plans[product]
            segments = [place.segment(number, product) for number in range(count)]
            files[product] = place.folder / f"{product}{output.suffix}"
            everything = product != "rain"
            join = Join(info, encoding, size, segments, files[product], options.span, everything)
            lost += join.write()
        for note in dict.fromkeys(lost):
            tell(f"{target}: {note}")
        notes += [f"{target}: {note}" for note in dict.fromkeys(lost)]
        written = sum(len(read_index(place.segment(n, product))) for n in range(count))
        yield (
            files,
            ClipResult(written, *info.seen_size, resumed, notes, damage.told(), changed),
        )
        with suppress(DerainError):  # the results are there, whatever stays
            place.clear()


def _results(
    info: ClipInfo, derainer: FrameDerainer, options: ClipOptions, skip: int, damage: Damage
) -> Iterator[tuple[Frame, Frame]]:
    """(rainy, clean) from frame ``skip`` on."""
    frames = read_frames(info, options.span, damage)
    needed = (frame for frame in frames if frame.index >= skip - derainer.context)
    for rainy, colour in beside(derainer, needed, lambda frame: frame.colour):
        if rainy.index >= skip:
            yield rainy, replace(rainy, colour=colour)


def _chunks(
    pairs: Iterator[tuple[Frame, Frame]], size: int
) -> Iterator[Iterator[tuple[Frame, Frame]]]:
    """Runs of ``size`` pairs, the last one perhaps shorter; none is held in memory."""
    for first in pairs:

        def run(first: tuple[Frame, Frame] = first) -> Iterator[tuple[Frame, Frame]]:
            yield first
            for _ in range(size - 1):
                following = next(pairs, None)
                if following is None:
                    return
                yield following

        yield run()
