"""One clip of a set: how its frames are read, derained by a method, kept and scored."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from derain.clips.folder import frame_files
from derain.clips.stream import read_clip
from derain.errors import DatasetError, DerainError
from derain.evaluation.item import Example, Scored
from derain.evaluation.methods import ClipTask, Method
from derain.evaluation.picture import write_png
from derain.files import explain_os_error
from derain.metrics import Kind, Scorer, worst_frame
from derain.restore.temporal.flow import motion

Pixels = NDArray[np.uint8]


class _Timed(Iterator[Pixels]):
    """Frames as they come: how many there were, of which shape, and how long they took."""

    def __init__(self, frames: Iterator[Pixels]) -> None:
        self._frames = frames
        self.count, self.seconds = 0, 0.0
        self.shape: tuple[int, ...] = ()

    def __next__(self) -> Pixels:
        began = time.perf_counter()
        try:
            frame = next(self._frames)
        finally:
            self.seconds += time.perf_counter() - began
        self.count, self.shape = self.count + 1, frame.shape
        return frame


@dataclass(frozen=True)
class ClipItem:
    """A clip with its truth.

    Attributes:
        name: Unique within the set.
        rainy, clean: Video files or folders of numbered frames.
    """

    name: str
    rainy: Path
    clean: Path

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The files it is read from."""
        return (*_files(self.rainy), *_files(self.clean))

    def sums(self, digest: Callable[[Path], str]) -> tuple[str, ...]:
        """One digest of the clip and one of its truth, however many files they are."""
        return tuple(_digest(_files(path), digest) for path in (self.rainy, self.clean))

    def place(self, folder: Path) -> Path:
        """The folder of the restored frames, in the folder of the set's results."""
        return folder / self.name

    def kept(self, out: Path) -> int:
        """How many restored frames are there."""
        return len(list(out.glob("*.png"))) if out.is_dir() else 0

    def restore(self, method: Method, dataset: str, out: Path) -> float:
        """Derain it into ``out/000001.png`` and so on, which is there when it is whole.

        Returns:
            Seconds that the method took, without reading and writing.
        """
        self._check_lengths()
        part = out.with_name(f".{out.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        try:
            seconds = self._restore(method, dataset, part)
            _replace(part, out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return seconds

    def _restore(self, method: Method, dataset: str, part: Path) -> float:
        rainy = _Timed(_pixels(self.rainy))
        restored = _Timed(method.restore_clip(ClipTask(dataset, self.name, rainy)))
        for frame in restored:
            if frame.shape != (rainy.shape or frame.shape):
                raise DerainError(
                    f"frame {restored.count}: the result's shape is {frame.shape}, the clip's "
                    f"{rainy.shape}"
                )
            write_png(frame, part / f"{restored.count:06}.png")
        # Finished results come without a look at the clip; they are counted when they are scored.
        if not restored.count or rainy.count not in (0, restored.count):
            raise DerainError(f"the result has {restored.count} frames, the clip {rainy.count}")
        return restored.seconds - rainy.seconds

    def score(self, scorer: Scorer, kind: Kind, out: Path) -> Scored:
        """Score what lies in ``out``; two frames of each are held.

        Raises:
            DatasetError: Clip, truth and result differ in number or size of frames.
        """
        found = scorer.score_clip(self._beside(out), motion)
        return Scored(found.width, found.height, found.scores, found.frames, found.curves)

    def example(self, out: Path, curves: Mapping[str, Sequence[float]]) -> Example:
        """Its worst frame by the first of the curves."""
        worst = worst_frame(next(iter(curves.values())))
        ((rainy, restored, clean),) = self.frames(out, {worst})
        return Example(f"{self.name}, frame {worst + 1}", rainy, clean, restored)

    def frames(self, out: Path, wanted: set[int]) -> Iterator[tuple[Pixels, Pixels, Pixels]]:
        """Rainy, restored and true frame of some numbers, from 0, in order."""
        for number, frames in enumerate(self._beside(out)):
            if number in wanted:
                yield frames
            if number == max(wanted):
                return

    def _beside(self, out: Path) -> Iterator[tuple[Pixels, Pixels, Pixels]]:
        paths = self.rainy, out, self.clean
        streams, count = [_pixels(path) for path in paths], 0
        while True:
            rainy, restored, clean = (next(stream, None) for stream in streams)
            if rainy is None and restored is None and clean is None:
                return
            if rainy is None or restored is None or clean is None:
                lengths = [
                    count + (frame is not None) + sum(1 for _ in stream)
                    for frame, stream in zip((rainy, restored, clean), streams, strict=True)
                ]
                told = ", ".join(f"{path} has {n}" for path, n in zip(paths, lengths, strict=True))
                raise DatasetError(f"clip, result and truth differ in frames: {told}")
            if not rainy.shape == restored.shape == clean.shape:
                told = ", ".join(
                    f"{path} is {frame.shape[1]}x{frame.shape[0]}"
                    for path, frame in zip(paths, (rainy, restored, clean), strict=True)
                )
                raise DatasetError(f"clip, result and truth differ in size: {told}")
            count += 1
            yield rainy, restored, clean

    def _check_lengths(self) -> None:
        """Before hours of work, where it costs nothing: folders know how long they are."""
        if self.rainy.is_dir() and self.clean.is_dir():
            rainy, clean = (len(frame_files(path)) for path in (self.rainy, self.clean))
            if rainy != clean:
                raise DatasetError(
                    f"{self.rainy} has {rainy} frames, its truth {self.clean} has {clean}; pairs "
                    "must have the same"
                )


def _replace(made: Path, out: Path) -> None:
    """Put a folder in the place of another one."""
    try:
        if out.is_dir():
            shutil.rmtree(out)
        made.rename(out)
    except OSError as error:
        raise explain_os_error(error, out) from error


def _files(clip: Path) -> list[Path]:
    return frame_files(clip) if clip.is_dir() else [clip]


def _digest(files: list[Path], digest: Callable[[Path], str]) -> str:
    sums = [digest(path) for path in files]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


def _pixels(clip: Path) -> Iterator[Pixels]:
    """The frames of a clip, (H, W, 3) uint8."""
    for frame in read_clip(clip):
        if frame.dtype != np.uint8:
            raise DatasetError(
                f"{clip}: has more than 8 bits a sample; clips are compared at 8, convert it"
            )
        yield frame
