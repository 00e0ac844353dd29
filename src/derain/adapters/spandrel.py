"""Many published restoration networks in their own files, through spandrel (MIT)."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from derain.adapters.contract import Pixels, to_pixels
from derain.data import sha256
from derain.errors import (
    BackendUnavailableError,
    ModelNotFoundError,
    UsageError,
    first_line,
)

SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")


class SpandrelDerainer:
    """A network that spandrel recognises by its weights, on the CPU, on whole pictures.

    spandrel pads to the multiple that the network needs.

    Raises:
        BackendUnavailableError: spandrel, or what it needs, is not installed.
        ModelNotFoundError: The file is missing, or spandrel cannot load it.
        UsageError: It is no network that restores an RGB picture at its own size.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelNotFoundError(f"{path}: no such file")
        try:
            import torch
            from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError
        except ImportError as error:
            raise BackendUnavailableError(
                f"{path}: needs spandrel ({error}): pip install spandrel"
            ) from error
        failures = (
            *(UnsupportedModelError, pickle.UnpicklingError, EOFError),
            *(RuntimeError, OSError, ValueError, KeyError),
        )
        try:
            model = ModelLoader(device="cpu").load_from_file(path)
        except failures as error:
            raise ModelNotFoundError(
                f"{path}: spandrel cannot load it ({first_line(error)})"
            ) from error
        if not isinstance(model, ImageModelDescriptor) or model.scale != 1:
            raise UsageError(f"{path}: not a network that restores a picture at its own size")
        if (model.input_channels, model.output_channels) != (3, 3):
            raise UsageError(
                f"{path}: reads {model.input_channels} and gives {model.output_channels} channels, "
                "not RGB"
            )
        self._torch, self._model, self._path = torch, model.eval(), path
        self.about = f"{model.architecture.name} from {path}"
        self.fingerprint = sha256(path)

    def __call__(self, rainy: Pixels) -> Pixels:
        tensor = self._torch.from_numpy(np.moveaxis(rainy, 2, 0)[None] / np.float32(255))
        with self._torch.inference_mode():
            clean = self._model(tensor)[0].numpy()
        return to_pixels(str(self._path), np.moveaxis(clean, 0, 2) * np.float32(255))
