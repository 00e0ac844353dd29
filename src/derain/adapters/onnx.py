"""A derainer in somebody else's ONNX file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.adapters.contract import Pixels, to_pixels
from derain.adapters.onnx_form import OURS, Form, read_form
from derain.adapters.onnx_options import RANGES, OnnxOptions
from derain.data import sha256
from derain.errors import ModelNotFoundError, UsageError, first_line
from derain.restore.jobs import engine_threads
from derain.restore.tiles import FEATHER, cuts, ramp

_TRIAL = 128
"""Side of the picture that every file is tried on: what networks are commonly trained on."""


class OnnxDerainer:
    """A network with one RGB picture in and one out, on the CPU.

    The picture may be (1, 3, H, W) or (1, H, W, 3), in floats of 0 to 1 or as uint8, of any size or
    of a fixed one; :class:`OnnxOptions` say what cannot be told. Where any size is taken, pictures
    are padded by reflection to a multiple of 32 pixels. Where it is fixed, larger pictures are cut
    into windows that overlap by an eighth on every side and are blended. Files of this project,
    with outputs ``rain`` and ``detail``, are understood too.

    Each file is tried once, on a soft picture, before it is used.

    Raises:
        ModelNotFoundError: The file is missing, no ONNX, of another form, or does not run; when
            called, it does not run on this picture.
        UsageError: Its form cannot be told; the message says what to give.
        NonFiniteError: It gave values that are not finite.
    """

    def __init__(self, path: Path, options: OnnxOptions | None = None, threads: int = 0) -> None:
        import onnxruntime

        if not path.is_file():
            raise ModelNotFoundError(f"{path}: no such file")
        self._name, self._options = str(path), options or OnnxOptions()
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = 4
        settings.intra_op_num_threads = engine_threads(threads)
        try:
            self._session = onnxruntime.InferenceSession(
                path, settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no class
            raise ModelNotFoundError(f"{path}: cannot be loaded ({first_line(error)})") from error
        self._form: Form = read_form(
            self._name, self._session.get_inputs(), self._session.get_outputs(), self._options
        )
        self._out = (self._form.low, self._form.high)
        self._try()
        said = ", ".join(f"{key} {value}" for key, value in asdict(self._options).items() if value)
        self.about = f"the ONNX file {path} ({self._form.layout}; {said})"
        self.fingerprint = f"{_fingerprint(path)} {said}"

    def __call__(self, rainy: Pixels) -> Pixels:
        height, width = rainy.shape[:2]
        windows = [
            fixed or side + -side % self._options.multiple
            for fixed, side in zip(self._form.sides, (height, width), strict=True)
        ]
        below, right = (
            max(0, window - side) for window, side in zip(windows, (height, width), strict=True)
        )
        padded = np.pad(rainy, ((0, below), (0, right), (0, 0)), mode="reflect")
        levels = np.zeros(padded.shape, np.float32)
        for rows, row_weights, row_start in _windows(padded.shape[0], windows[0]):
            for columns, weights, start in _windows(padded.shape[1], windows[1]):
                place = np.s_[row_start : row_start + windows[0], start : start + windows[1]]
                restored = self._run(padded[place])
                part = restored[
                    rows.start - row_start : rows.stop - row_start,
                    columns.start - start : columns.stop - start,
                ]
                levels[rows, columns] += part * (row_weights[:, None] * weights)[..., None]
        return to_pixels(self._name, levels[:height, :width])

    def _run(self, pixels: Pixels) -> NDArray[np.float32]:
        """(H, W, 3) uint8 -> levels in 0..255, not rounded, of the same shape."""
        form = self._form
        values = form.encode(pixels)
        try:
            found = self._session.run(list(form.outputs), {form.input: values})
        except Exception as error:  # its errors share no class
            height, width = pixels.shape[:2]
            hint = "" if all(form.sides) else (
                f"; if its sides must be multiples of another number than {self._options.multiple},"
                f" say so, as in {self._name}:multiple-64"
            )  # fmt: skip
            raise ModelNotFoundError(
                f"{self._name}: does not run on {width}x{height} pixels ({first_line(error)}){hint}"
            ) from error
        clean: NDArray[Any] = found[0]
        if form.outputs == OURS:
            clean = values - found[0] + found[1]
        if clean.shape not in (values.shape, values.shape[1:]):
            raise ModelNotFoundError(
                f"{self._name}: gave {clean.shape} for {values.shape}; a network that restores a "
                "picture at its own size is needed"
            )
        return form.decode(clean, *self._out)

    def _try(self) -> None:
        """Run it once, so that what it cannot do is told before any work.

        It also settles what no type tells: the range of floats that stand for a uint8 picture.
        """
        sides = (side or _trial_side(self._options.multiple) for side in self._form.sides)
        pixels = _soft_picture(*sides)
        if self._form.type == np.uint8 and self._options.range is None:
            self._out = RANGES["0-255"]
            if self._run(pixels).max() <= 2:  # no result is that dark
                self._out = RANGES["0-1"]
        levels = self._run(pixels)
        to_pixels(self._name, levels)  # it must be finite
        if not 16 <= levels.mean() <= 255:  # of about 128: no derainer is that far off
            low, high = self._out
            raise UsageError(
                f"{self._name}: gave {levels.mean():.3g} for a picture of mean level "
                f"{pixels.mean():.3g} of 255, with floats from {low:g} to {high:g}; say how they "
                f"count, as in {self._name}:0-255 (or {', '.join(RANGES)}), or which output is the "
                f"clean picture, as in {self._name}:output-NAME"
            )


def _fingerprint(path: Path) -> str:
    """The sha256 of the file and of those beside it that it names: weights may lie outside."""
    named = path.read_bytes()
    beside = sorted(p for p in path.parent.iterdir() if p != path and p.name.encode() in named)
    return " ".join(sha256(file) for file in (path, *beside) if file.is_file())


def _windows(size: int, window: int) -> Iterator[tuple[slice, NDArray[np.float32], int]]:
    """Windows along an axis: what of the axis each gives, with which weights, and its start.

    Weights add up to 1. Windows overlap by an eighth at either end, of which the outer half, where
    a network sees least around it, is not used.
    """
    if size <= window:
        yield slice(0, size), np.ones(size, np.float32), 0
        return
    halo = max(2, window // 8)
    feather = min(FEATHER, halo // 2)
    for low, high in pairwise(cuts(size, window, halo, 1)):
        start = min(max(0, low - halo), size - window)
        extent = slice(max(0, low - feather), min(size, high + feather))
        yield extent, ramp(low, high, size, feather), start


def _trial_side(multiple: int) -> int:
    """128 pixels, or near it, where a network wants a multiple that 128 is none of."""
    return max(_TRIAL, multiple) // multiple * multiple


def _soft_picture(height: int, width: int) -> Pixels:
    """Slow changes of brightness and colour, of a mean level of 128."""
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    soft = 128 + 64 * np.stack([down, across, down * across], axis=2)
    pixels: Pixels = np.rint(soft).astype(np.uint8)
    return pixels
