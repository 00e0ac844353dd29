"""What can be compared: models of ours, others' finished results, callables, others' weights."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from derain.adapters import load_callable
from derain.data import picture_key, read_rgb, sha256
from derain.data.pairs import SUFFIXES
from derain.errors import (
    BackendUnavailableError,
    DerainError,
    InputNotFoundError,
    ModelNotFoundError,
    UsageError,
    first_line,
)
from derain.zoo import model_names

Pixels = NDArray[np.uint8]

_OTHERS = (".pth", ".pt", ".ckpt")


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
    """A model of this project, by name, card, ONNX or safetensors file."""

    def __init__(self, spec: str, backend: str) -> None:
        from derain.restore import Derainer

        path = Path(spec)
        if path.suffix in (".onnx", ".safetensors"):
            card = path.with_suffix(".json")
            if not path.is_file():
                raise ModelNotFoundError(f"{path}: no such file")
            if not card.is_file():
                raise ModelNotFoundError(
                    f"{path}: its card {card.name} is not beside it; make one with derain export"
                )
            if path.suffix == ".safetensors":
                backend = "torch"
            spec = str(card)
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


class ResultsFolder:
    """Someone else's finished results: FOLDER/SET/NAME.png, or FOLDER/NAME.png.

    Results of a view (SET is ``rain800 x2``) must lie under its name: what has none is of the
    pictures as they are.
    """

    trained_on: tuple[str, ...] | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.about = f"finished results in {folder}"
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not files:
            raise InputNotFoundError(f"{folder}: holds no pictures")
        self.fingerprint = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
        self._exact = {p.relative_to(folder).with_suffix("").as_posix(): p for p in files}
        self._by_key: dict[str, list[Path]] = {}
        for path in files:
            self._by_key.setdefault(picture_key(path.stem), []).append(path)

    def restore(self, task: Task) -> Pixels:
        for name in (f"{task.dataset}/{task.name}", *([] if task.view else [task.name])):
            if name in self._exact:
                return read_rgb(self._exact[name])
        stem = task.name.rpartition("/")[2]
        near = self._by_key.get(picture_key(stem), [])
        own = [p for p in near if task.dataset in p.relative_to(self._folder).parts]
        meant = own if task.view else own or near
        if len(meant) != 1:
            many = f"{len(meant)} results" if meant else "no result"
            raise InputNotFoundError(
                f"{self._folder}: {many} for {task.dataset}/{task.name}; name it "
                f"{task.dataset}/{task.name}.png"
            )
        return read_rgb(meant[0])


class PythonCallable:
    """``module:function``, taking and giving (H, W, 3) uint8."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, spec: str) -> None:
        self.about = f"the callable {spec}"
        self._call = load_callable(spec)
        function = self._call.function
        source = inspect.getsourcefile(function) if inspect.isroutine(function) else None
        self.fingerprint = f"{spec} {sha256(Path(source)) if source else ''}"

    def restore(self, task: Task) -> Pixels:
        return self._call(task.rainy)


class SpandrelModel:
    """A file that spandrel can load: many published restoration networks, in their own layouts."""

    trained_on: tuple[str, ...] | None = None

    def __init__(self, path: Path) -> None:
        try:
            import torch
            from spandrel import ImageModelDescriptor, ModelLoader
            from spandrel.__helpers.registry import UnsupportedModelError
        except ImportError as error:
            raise BackendUnavailableError(
                f"{path}: needs spandrel ({error}): pip install spandrel"
            ) from error
        try:
            model = ModelLoader(device="cpu").load_from_file(path)
        except (UnsupportedModelError, RuntimeError, OSError, ValueError) as error:
            raise ModelNotFoundError(
                f"{path}: spandrel cannot load it ({first_line(error)})"
            ) from error
        if not isinstance(model, ImageModelDescriptor) or model.scale != 1:
            raise UsageError(f"{path}: not a network that restores a picture at its own size")
        self._torch, self._model = torch, model.eval()
        self.about = f"{model.architecture.name} from {path}"
        self.fingerprint = sha256(path)

    def restore(self, task: Task) -> Pixels:
        tensor = self._torch.from_numpy(np.moveaxis(task.rainy, 2, 0)[None] / np.float32(255))
        with self._torch.inference_mode():
            clean = self._model(tensor)[0].clamp(0, 1).mul(255).round().byte()
        restored: Pixels = np.ascontiguousarray(np.moveaxis(clean.numpy(), 0, 2))
        return restored


def make_method(spec: str, backend: str = "auto") -> Method:
    """The method a word on the command line stands for.

    Args:
        spec: ``input``; a shipped model's name; a card, ONNX or safetensors file of ours; a folder
            of results; ``module:function``; or a file that spandrel can load.
        backend: What runs models of ours.

    Raises:
        DerainError: Nothing of that name, with what to do.
    """
    path = Path(spec)
    if spec == "input":
        return DoNothing()
    if spec in model_names() or path.suffix in (".json", ".onnx"):
        return OwnModel(spec, backend)
    if path.suffix == ".safetensors":
        ours = path.with_suffix(".json").is_file() or not path.is_file()
        return OwnModel(spec, backend) if ours else SpandrelModel(path)
    if path.is_dir():
        return ResultsFolder(path)
    if path.suffix in _OTHERS:
        if not path.is_file():
            raise ModelNotFoundError(f"{path}: no such file")
        return SpandrelModel(path)
    if ":" in spec:
        return PythonCallable(spec)
    try:
        return OwnModel(spec, backend)  # says which names are near
    except DerainError as error:
        raise ModelNotFoundError(
            f"{error}; or input, a folder of results, module:function, a .pth file"
        ) from error
