"""What can be compared: models of ours, others' finished results, callables, others' weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from derain.adapters import Pixels, ResultsFolder, foreign_derainer, parse_onnx
from derain.adapters.spandrel import SUFFIXES
from derain.errors import DerainError, ModelNotFoundError
from derain.zoo import model_names


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


class Method(Protocol):
    """Something that removes rain.

    Attributes:
        about: What it is, for people.
        fingerprint: Changes when its results would.
        trained_on: Names of the sets it has seen, None when nobody knows.
    """

    about: str
    fingerprint: str
    trained_on: tuple[str, ...] | None

    def restore(self, task: Task) -> Pixels:
        """The restored picture, of the size of the rainy one."""
        ...


class DoNothing:
    """``input``: the rainy picture itself, what every number is to be held against."""

    about = "the rainy picture as it is"
    fingerprint = "input"
    trained_on: tuple[str, ...] | None = ()

    def restore(self, task: Task) -> Pixels:
        return task.rainy


class OwnModel:
    """A model of this project, by name, card, or an ONNX or safetensors file beside its card."""

    def __init__(self, spec: str, backend: str) -> None:
        from derain.restore import Derainer

        path = Path(spec)
        if path.suffix in (".onnx", ".safetensors"):
            if not path.is_file():
                raise ModelNotFoundError(f"{path}: no such file")
            if path.suffix == ".safetensors":
                backend = "torch"
            spec = str(path.with_suffix(".json"))
        self._derainer = Derainer(spec, backend=backend)
        self._derainer(np.zeros((64, 64, 3), np.uint8))  # so that no picture pays for the start
        card_ = self._derainer.model.card
        self.about = f"{card_.name} on {self._derainer.backend}"
        self.fingerprint = f"{card_.sha256[card_.weights]} {self._derainer.backend}"
        data = card_.training.get("data", [])
        self.trained_on = tuple(source["name"] for source in data) or None

    def restore(self, task: Task) -> Pixels:
        restored: Pixels = self._derainer(task.rainy)
        return restored


class FinishedResults:
    """Someone else's finished results in a folder."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, folder: Path) -> None:
        self._results = ResultsFolder(folder)
        self.about, self.fingerprint = self._results.about, self._results.fingerprint

    def restore(self, task: Task) -> Pixels:
        return self._results.find(task.dataset, task.name, in_view=bool(task.view))


class Foreign:
    """Somebody else's derainer: an ONNX file, a callable, or what spandrel can load."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, spec: str) -> None:
        self._derain = foreign_derainer(spec)
        self.about, self.fingerprint = self._derain.about, self._derain.fingerprint

    def restore(self, task: Task) -> Pixels:
        return self._derain(task.rainy)


def make_method(spec: str, backend: str = "auto") -> Method:
    """The method a word on the command line stands for.

    Args:
        spec: ``input``; a shipped model's name; a card, or an ONNX or safetensors file beside its
            card, of ours; a folder of results; or what :func:`derain.adapters.foreign_derainer`
            takes.
        backend: What runs models of ours.

    Raises:
        DerainError: Nothing of that name, with what to do.
    """
    path = Path(spec)
    if spec == "input":
        return DoNothing()
    if spec in model_names() or path.suffix == ".json":
        return OwnModel(spec, backend)
    if path.suffix in (".onnx", ".safetensors") and path.with_suffix(".json").is_file():
        return OwnModel(spec, backend)
    if path.is_dir():
        return FinishedResults(path)
    if parse_onnx(spec) or path.suffix in SUFFIXES or ":" in spec:
        return Foreign(spec)
    try:
        return OwnModel(spec, backend)  # says which names are near
    except DerainError as error:
        raise ModelNotFoundError(
            f"{error}; or input, a folder of results, an ONNX file, module:function, a .pth file"
        ) from error
