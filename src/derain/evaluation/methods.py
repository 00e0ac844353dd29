"""What can be compared: models of ours, others' finished results, callables, others' weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from derain import __version__
from derain.adapters import Pixels, ResultsFolder, foreign_derainer, parse_onnx
from derain.adapters.callable import CallableDerainer
from derain.adapters.spandrel import SUFFIXES
from derain.clips.derainers import FrameDerainer, for_clips
from derain.clips.formats import CLIPS
from derain.clips.stream import read_clip
from derain.errors import DerainError, ModelNotFoundError
from derain.zoo import model_names

_STILL = "still:"


@dataclass(frozen=True)
class Task:
    """One picture to restore.

    Attributes:
        dataset: The set it belongs to.
        name: Its name within the set.
        rainy: (H, W, 3) uint8.
        view: How the picture is seen; empty for as its file is.
    """

    dataset: str
    name: str
    rainy: Pixels
    view: str = ""


@dataclass(frozen=True)
class ClipTask:
    """One clip to restore.

    Attributes:
        dataset: The set it belongs to.
        name: Its name within the set.
        frames: (H, W, 3) uint8 each, all of one size, to be gone through once.
    """

    dataset: str
    name: str
    frames: Iterator[Pixels]


class Method(Protocol):
    """Something that removes rain.

    Attributes:
        about: What it is, for people.
        fingerprint: Changes when its results would.
        trained_on: Names of the sets it has seen, None when nobody knows.
        travels: Whether another machine that sees the same files has it, too.
    """

    about: str
    fingerprint: str
    trained_on: tuple[str, ...] | None
    travels: bool = True

    def restore(self, task: Task) -> Pixels:
        """The restored picture, of the size of the rainy one."""
        ...

    def restore_clip(self, task: ClipTask) -> Iterator[Pixels]:
        """The restored frames, one for each; by default each as a picture of its own."""
        for frame in task.frames:
            yield self.restore(Task(task.dataset, task.name, frame))

    def fingerprint_on_clips(self) -> str:
        """Changes when its results on clips would."""
        return self.fingerprint


class DoNothing(Method):
    """``input``: the rainy picture itself, what every number is to be held against."""

    about = "the rainy picture as it is"
    fingerprint = "input"
    trained_on: tuple[str, ...] | None = ()

    def restore(self, task: Task) -> Pixels:
        return task.rainy


class StillModel(Method):
    """A model of this project, by name, card, or an ONNX or safetensors file beside its card.

    Clips are derained frame by frame.
    """

    def __init__(self, spec: str, backend: str, threads: int = 0) -> None:
        from derain.restore import Derainer
        from derain.restore.jobs import budget_each

        path = Path(spec)
        if path.suffix in (".onnx", ".safetensors"):
            if not path.is_file():
                raise ModelNotFoundError(f"{path}: no such file")
            if path.suffix == ".safetensors":
                backend = "torch"
            spec = str(path.with_suffix(".json"))
        memory = budget_each(threads) if threads else None
        self._derainer = Derainer(spec, backend=backend, threads=threads, memory=memory)
        self._derainer(np.zeros((64, 64, 3), np.uint8))  # so that no picture pays for the start
        card_ = self._derainer.model.card
        self.about = f"{card_.name} on {self._derainer.backend}"
        weights = card_.sha256[card_.weights]
        self.fingerprint = f"{weights} {self._derainer.backend} {__version__}"
        data = card_.training.get("data", [])
        self.trained_on = tuple(source["name"] for source in data) or None

    def restore(self, task: Task) -> Pixels:
        restored: Pixels = self._derainer(task.rainy)
        return restored

    def restore_clip(self, task: ClipTask) -> Iterator[Pixels]:
        return map(self._derainer.without_turning(), task.frames)


class OwnModel(StillModel):
    """The same, with clips derained as ``derain`` does it: by time, the model behind it."""

    @cached_property
    def _on_clips(self) -> FrameDerainer:
        return for_clips(self._derainer)

    def restore_clip(self, task: ClipTask) -> Iterator[Pixels]:
        return self._on_clips(task.frames)

    def fingerprint_on_clips(self) -> str:
        return f"{self.fingerprint} {self._on_clips.fingerprint}"


class FinishedResults(Method):
    """Someone else's finished results in a folder."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, folder: Path) -> None:
        self._results = ResultsFolder(folder, CLIPS)
        self.about, self.fingerprint = self._results.about, self._results.fingerprint

    def restore(self, task: Task) -> Pixels:
        return self._results.find(task.dataset, task.name, in_view=bool(task.view))

    def restore_clip(self, task: ClipTask) -> Iterator[Pixels]:
        return read_clip(self._results.find_clip(task.dataset, task.name))


class Foreign(Method):
    """Somebody else's derainer: an ONNX file, a callable, or what spandrel can load."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, spec: str, threads: int = 0) -> None:
        self._derain = foreign_derainer(spec, threads)
        self.travels = not isinstance(self._derain, CallableDerainer)
        self.about, self.fingerprint = self._derain.about, self._derain.fingerprint

    def restore(self, task: Task) -> Pixels:
        return self._derain(task.rainy)


def make_method(spec: str, backend: str = "auto", threads: int = 0) -> Method:
    """The method a word on the command line stands for.

    Args:
        spec: ``input``; a shipped model's name; a card, or an ONNX or safetensors file beside its
            card, of ours, also behind ``still:``; a folder of results; or what
            :func:`derain.adapters.foreign_derainer` takes.
        backend: What runs models of ours.
        threads: Processors it has, of a machine that is divided among its like; 0 for all, and the
            memory of the machine with them.

    Raises:
        DerainError: Nothing of that name, with what to do.
    """
    path = Path(spec)
    if spec == "input":
        return DoNothing()
    if spec.startswith(_STILL):
        return StillModel(spec.removeprefix(_STILL), backend, threads)
    if spec in model_names() or path.suffix == ".json":
        return OwnModel(spec, backend, threads)
    if path.suffix in (".onnx", ".safetensors") and path.with_suffix(".json").is_file():
        return OwnModel(spec, backend, threads)
    if path.is_dir():
        return FinishedResults(path)
    if parse_onnx(spec) or path.suffix in SUFFIXES or ":" in spec:
        return Foreign(spec, threads)
    try:
        return OwnModel(spec, backend, threads)  # says which names are near
    except DerainError as error:
        raise ModelNotFoundError(
            f"{error}; or input, still:MODEL, a folder of results, an ONNX file, module:function, "
            "a .pth file"
        ) from error
