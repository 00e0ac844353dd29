"""Somebody else's derainer: a Python callable or an ONNX file, on whole pictures."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.errors import ModelNotFoundError, NonFiniteError, UsageError, first_line

Pixels = NDArray[np.uint8]
Derain = Callable[[Pixels], Pixels]
"""(H, W, 3) uint8 -> the restored picture, of the same shape and type."""

_MULTIPLE = 32


def foreign_derainer(spec: str) -> Derain:
    """``FILE.onnx`` or ``module:function``, as something that is called on pictures.

    Raises:
        ModelNotFoundError: There is no such file, module or function, or it cannot be loaded.
        UsageError: It is none of both.
    """
    if spec.endswith(".onnx"):
        return OnnxDerainer(Path(spec))
    if ":" in spec:
        return load_callable(spec)
    raise UsageError(f"{spec}: neither an ONNX file nor module:function")


def load_callable(spec: str) -> Checked:
    """``module:function``; modules of the working folder are found. What it gives is checked.

    Raises:
        ModelNotFoundError: It cannot be imported.
        UsageError: It is not callable, or, when called, gave something else than such a picture.
    """
    module, _, attribute = spec.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever a stranger's module does
        raise ModelNotFoundError(f"{spec}: cannot be imported ({first_line(error)})") from error
    if not callable(found):
        raise UsageError(f"{spec}: is not callable")
    return Checked(spec, found)


class Checked:
    """A callable whose results are held to the contract."""

    def __init__(self, spec: str, function: Callable[[Pixels], Any]) -> None:
        self.function, self._spec = function, spec

    def __call__(self, image: Pixels) -> Pixels:
        result = self.function(image.copy())
        if not isinstance(result, np.ndarray) or result.dtype != np.uint8:
            kind = getattr(result, "dtype", type(result).__name__)
            raise UsageError(f"{self._spec}: gave {kind}, not an array of uint8")
        if result.shape != image.shape:
            raise UsageError(
                f"{self._spec}: its result's shape is {result.shape}, the picture's {image.shape}"
            )
        return result


class OnnxDerainer:
    """A derainer in an ONNX file: one input (1, 3, H, W) in [0, 1], the clean picture out.

    Files of this project, with outputs ``rain`` and ``detail``, are understood too. Pictures are
    padded by reflection to a multiple of 32 pixels, which most networks ask for.

    Raises:
        ModelNotFoundError: The file is missing, no ONNX, or of another form.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise ModelNotFoundError(f"{path}: no such file")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no class
            raise ModelNotFoundError(f"{path}: cannot be loaded ({first_line(error)})") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
            raise ModelNotFoundError(f"{path}: does not read one picture (1, 3, H, W) of floats")
        self._path, self._input = path, inputs[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        below, right = (-side % _MULTIPLE for side in (height, width))
        padded = np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")
        rainy = np.moveaxis(padded, 2, 0)[None].astype(np.float32) / 255
        try:
            found = dict(
                zip(self._outputs, self._session.run(None, {self._input: rainy}), strict=True)
            )
        except Exception as error:
            raise ModelNotFoundError(
                f"{self._path}: does not run on {padded.shape[1]}x{padded.shape[0]} pixels "
                f"({first_line(error)})"
            ) from error
        if {"rain", "detail"} <= set(found):
            clean = rainy - found["rain"] + found["detail"]
        else:
            clean = found[self._outputs[0]]
        if clean.shape != rainy.shape:
            raise ModelNotFoundError(f"{self._path}: gave {clean.shape} for {rainy.shape}")
        if not np.isfinite(clean).all():
            raise NonFiniteError(f"{self._path}: gave values that are not finite")
        pixels = np.rint(np.moveaxis(clean[0], 0, 2).clip(0, 1) * 255).astype(np.uint8)
        return np.ascontiguousarray(pixels[:height, :width])
