"""The one way to derain a picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.errors import UsageError
from derain.restore.backends import Backend, make_backend
from derain.restore.engine import Engine, Progress
from derain.restore.images import Colours, open_image
from derain.restore.memory import default_budget
from derain.restore.strength import FULL, check_strength
from derain.restore.tiles import Box
from derain.zoo import DEFAULT, Model, load_model

_ROWS = 32  # finished at a time, so that they stay in the processor's cache


Buffer = bytes | bytearray | memoryview
Loaded = NDArray[np.uint8] | NDArray[np.uint16]
Pixel = TypeVar("Pixel", np.uint8, np.uint16, np.float16, np.float32, np.float64)
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Separation(Generic[Kind]):
    """A picture taken apart: clean = rainy - rain + detail, rounded and clipped.

    That holds at every strength, since the layers are what was applied: at strength 0.5 they are
    half of what the network predicts, at 0 nothing.

    Attributes:
        clean: Of the same kind as the input.
        rain: (H, W, 3) float32, signed, in units of the full range: the streaks.
        detail: (H, W, 3) float32, likewise: what was given back.

    ``clean, rain, detail = derainer.separate(photo)`` takes it apart.
    """

    clean: Kind
    rain: NDArray[np.float32]
    detail: NDArray[np.float32]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.clean, self.rain, self.detail))


class Derainer:
    """Removes rain streaks from pictures.

    Args:
        model: ``base``, ``fast``, the path of a model card of your own, or a :class:`Model`.
        backend: ``auto``, ``onnxruntime``, ``openvino``, ``torch``, or a :class:`Backend` of your
            own, which then decides about device and threads itself.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        memory: Bytes a run of the network may take; by default a quarter of what is free, at most
            1 GiB. The picture itself and its result come on top.
        tile: Side of a tile in pixels; by default as large as ``memory`` allows.
        threads: Threads of the processor, 0 for all.
        strength: How much of the predicted change is applied, unless a call says otherwise: from 0
            (the picture as it is, to the bit) to 1 (all of it). In between,
            clean = rainy - strength * (rain - detail), rounded and clipped.

    Thread-safe: one Derainer may serve many threads.

    Raises:
        ModelNotFoundError, CorruptModelError, BackendUnavailableError, UsageError.

    Example:
        >>> import numpy as np
        >>> from derain import Derainer
        >>> rainy = np.full((32, 48, 3), 128, np.uint8)
        >>> Derainer(model="fast")(rainy).shape
        (32, 48, 3)
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Model = DEFAULT,
        *,
        backend: str | Backend = "auto",
        device: str = "auto",
        memory: int | None = None,
        tile: int = 0,
        threads: int = 0,
        strength: float = FULL,
    ) -> None:
        self.strength = check_strength(strength)
        if memory is not None and memory < 1:
            raise UsageError(f"memory must be positive, not {memory}")
        if tile < 0 or threads < 0:
            raise UsageError("tile and threads must not be negative")
        self.model = model if isinstance(model, Model) else load_model(os.fspath(model))
        if isinstance(backend, str):
            backend = make_backend(self.model, backend, device, threads)
        self._engine = Engine(backend, self.model.card, memory or default_budget(), tile)

    @property
    def backend(self) -> str:
        """What runs the network, for people (name, device and precision)."""
        b = self._engine.backend
        return f"{b.name} ({b.device}, {b.precision})"

    @overload
    def __call__(
        self, image: Buffer, *, strength: float | None = None, progress: Progress | None = None
    ) -> bytes: ...
    @overload
    def __call__(
        self, image: Image.Image, *, strength: float | None = None, progress: Progress | None = None
    ) -> Image.Image: ...
    @overload
    def __call__(
        self,
        image: NDArray[Pixel],
        *,
        strength: float | None = None,
        progress: Progress | None = None,
    ) -> NDArray[Pixel]: ...
    @overload
    def __call__(
        self,
        image: str | os.PathLike[str],
        *,
        strength: float | None = None,
        progress: Progress | None = None,
    ) -> Loaded: ...
    def __call__(
        self, image: Any, *, strength: float | None = None, progress: Progress | None = None
    ) -> Any:
        """Remove the rain from one picture.

        Args:
            image: A path, the bytes of a picture file, a PIL image, or an array (H, W) or
                (H, W, C), uint8, uint16 or floating in [0, 1]; grey or RGB, with alpha or not.
            strength: From 0 to 1, for this picture only.
            progress: Told (finished pixels, all pixels) after every tile.

        Returns:
            The same kind (bytes of the same format, a PIL image, an array of the same type); for a
            path an array of the file's depth. Alpha comes back untouched, grey stays grey.

        Raises:
            UsageError: The strength.
            InputNotFoundError, InvalidImageError, PermissionDeniedError: The picture.
            OutOfMemoryError, NonFiniteError: The run.
        """
        strength = self.strength if strength is None else check_strength(strength)
        opened = open_image(image)
        return opened.close(self._clean(opened.colour, strength, progress, None))

    @overload
    def separate(
        self, image: Buffer, *, strength: float | None = None, progress: Progress | None = None
    ) -> Separation[bytes]: ...
    @overload
    def separate(
        self, image: Image.Image, *, strength: float | None = None, progress: Progress | None = None
    ) -> Separation[Image.Image]: ...
    @overload
    def separate(
        self,
        image: NDArray[Pixel],
        *,
        strength: float | None = None,
        progress: Progress | None = None,
    ) -> Separation[NDArray[Pixel]]: ...
    @overload
    def separate(
        self,
        image: str | os.PathLike[str],
        *,
        strength: float | None = None,
        progress: Progress | None = None,
    ) -> Separation[Loaded]: ...
    def separate(
        self, image: Any, *, strength: float | None = None, progress: Progress | None = None
    ) -> Separation[Any]:
        """Remove the rain and keep the layers, as they were applied; takes what a call takes."""
        strength = self.strength if strength is None else check_strength(strength)
        opened = open_image(image)
        shape = (*opened.colour.shape[:2], 3)
        layers = np.empty(shape, np.float32), np.empty(shape, np.float32)
        clean = self._clean(opened.colour, strength, progress, layers)
        return Separation(opened.close(clean), *layers)

    def _clean(
        self,
        colour: Colours,
        strength: float,
        progress: Progress | None,
        layers: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    ) -> Colours:
        height, width = colour.shape[:2]
        clean = np.empty_like(colour)

        def read(box: Box) -> NDArray[np.float32]:
            return _to_unit(colour[box.top : box.bottom, box.left : box.right])

        for band in self._engine.bands(read, height, width, progress):
            band.scale(strength)
            rows = slice(band.top, band.top + band.rain.shape[1])
            for at in range(0, band.rain.shape[1], _ROWS):
                part = slice(at, at + _ROWS)
                change = band.detail[:, part] - band.rain[:, part]
                _restore(colour[rows][part], change, clean[rows][part])
            if layers:
                layers[0][rows] = np.moveaxis(band.rain, 0, 2)
                layers[1][rows] = np.moveaxis(band.detail, 0, 2)
        return clean


def _to_unit(colour: Colours) -> NDArray[np.float32]:
    """(h, w, 1 or 3) pixels of any type -> (3, h, w) float32 in [0, 1]."""
    planes = np.empty((3, *colour.shape[:2]), np.float32)
    top = 1 if colour.dtype.kind == "f" else np.iinfo(colour.dtype).max
    np.divide(np.moveaxis(colour, 2, 0), np.float32(top), out=planes, casting="same_kind")
    return planes


def _restore(colour: Colours, change: NDArray[np.float32], clean: Colours) -> None:
    """B = O - R + D in float32, clipped and rounded to the picture's own type, into ``clean``.

    Args:
        colour: (h, W, 1 or 3) pixels of the input.
        change: (3, h, W) D - R in units of the full range; overwritten.
        clean: Receives the result, shaped as ``colour``.
    """
    if colour.shape[2] == 1:
        change = change.mean(axis=0, keepdims=True)
    pixels, result = np.moveaxis(colour, 2, 0), np.moveaxis(clean, 2, 0)
    if colour.dtype.kind == "f":
        np.clip(pixels + change, 0, 1, out=result, casting="same_kind")
        return
    top = np.iinfo(colour.dtype).max
    change *= top
    change += pixels
    np.clip(change, 0, top, out=change)
    result[...] = np.rint(change, out=change)
