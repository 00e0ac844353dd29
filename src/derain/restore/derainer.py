"""The one way to derain a picture."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from derain.errors import UsageError
from derain.restore.backends import Backend, check_backend, make_backend
from derain.restore.engine import Engine, Progress
from derain.restore.engines import Engines
from derain.restore.images import Colours, open_image
from derain.restore.looks import Layers, derain
from derain.restore.memory import default_budget, shared_budget
from derain.restore.sideways import falls_sideways
from derain.restore.strength import FULL, check_strength
from derain.zoo import DEFAULT, Model, load_model, model_names

_MOST_THREADS = 64  # or four for each processor: more only wait for each other

Buffer = bytes | bytearray | memoryview
Loaded = NDArray[np.uint8] | NDArray[np.uint16]
Pixel = TypeVar("Pixel", np.uint8, np.uint16, np.float16, np.float32, np.float64)
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Separation(Generic[Kind]):
    """A picture taken apart: clean = rainy - rain + detail, rounded and clipped.

    That holds at every strength, since the layers are what was applied: at strength 0.5 they are
    half of what the network predicts, at 0 nothing. Pictures that are looked at in reduced copies,
    too, are clipped and rounded after each look, and their layers are what came of it: there it
    holds to a level.

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


@dataclass(frozen=True)
class _Made:
    """What a Derainer was made from; see there."""

    model: str | Model
    backend: str | Backend
    device: str
    memory: int | None
    tile: int
    threads: int
    strength: float
    max_pixels: int | None
    jobs: int | None
    turns: bool = True


class Derainer:
    """Removes rain streaks from pictures.

    Args:
        model: ``base``, ``fast``, the path of a model card of your own (NAME.json, as
            ``derain export`` writes it), or a :class:`Model`.
        backend: ``auto``, ``onnxruntime``, ``openvino``, ``torch``, or a :class:`Backend` of your
            own, which then decides about device and threads itself.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        memory: Bytes a run of the network may take; by default a quarter of what is free, at most
            1 GiB, of what the machine, the container or ``ulimit -v`` leaves. The picture itself
            and its result come on top.
        tile: Largest side of a tile in pixels; by default as large as ``memory`` allows.
        threads: Threads of the processor, 0 for all.
        strength: How much of the predicted change is applied, unless a call says otherwise: from 0
            (the picture as it is, to the bit) to 1 (all of it). In between,
            clean = rainy - strength * (rain - detail), rounded and clipped; the layers of pictures
            from 640 pixels on are those that keep within black and white.
        max_pixels: Larger pictures are refused; files of more than 178 megapixels always are.
        jobs: How many pictures at once, given by so many threads, ``memory`` and ``threads`` are
            for; others wait, and a picture that needs more than its share has all to itself.
            Results do not depend on it. Unless ``memory`` says otherwise, each takes what one alone
            does, as far as a quarter of what is free. By default nobody waits, and each picture
            takes all.

    Thread-safe: one Derainer may serve many threads. Without ``jobs``, ``memory`` is for each run,
    and the memory of its largest runs is kept for the next ones until the Derainer is deleted, so
    several threads at once take, and keep, so many times as much.

    May be pickled, as worker processes need it, or copied: the copy is loaded anew from the same
    model, which must still be there.

    In the main thread Ctrl-C ends a run within about a second.

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
        max_pixels: int | None = None,
        jobs: int | None = None,
    ) -> None:
        check_strength(strength)
        if memory is not None and not (isinstance(memory, Real) and 1 <= memory < math.inf):
            raise UsageError(f"memory must be a positive number of bytes, not {memory!r}")
        _check_whole("tile", tile, 0)
        _check_whole("threads", threads, 0, max(_MOST_THREADS, 4 * (os.cpu_count() or 1)))
        if max_pixels is not None:
            _check_whole("max_pixels", max_pixels, 1)
        if jobs is not None:
            _check_whole("jobs", jobs, 1)
        if not isinstance(device, str):
            raise UsageError(f"device must be a name, such as 'cpu' or 'cuda:0', not {device!r}")
        named = model if isinstance(model, Model) else os.fspath(model)
        self._load(_Made(named, backend, device, memory, tile, threads, strength, max_pixels, jobs))

    def _load(self, made: _Made) -> None:
        self.strength, self._max_pixels = check_strength(made.strength), made.max_pixels
        if isinstance(made.model, Model):
            self.model = made.model
        else:
            self.model = load_model(made.model)
            if made.model not in model_names():
                # So that a worker process in another folder finds it.
                made = replace(made, model=str(Path(made.model).absolute()))
        self._made = made
        one = default_budget() if made.memory is None else int(made.memory)

        def engine(jobs: int) -> Engine:
            backend = made.backend
            if isinstance(backend, str):
                backend = make_backend(self.model, backend, made.device, made.threads, jobs)
            check_backend(backend)
            return Engine(backend, self.model.card, one, made.tile)

        self._at_work: Callable[[int, int], AbstractContextManager[Engine]]
        if made.jobs is None:
            self._engine = engine(1)
            self._at_work = lambda *_: nullcontext(self._engine)
        else:
            engines = Engines(
                engine, made.jobs, shared_budget(made.jobs) if made.memory is None else one
            )
            self._engine, self._at_work = engines.small, engines.at_work

    def __getstate__(self) -> _Made:
        """How it was made: it is loaded anew where it is unpickled, or copied."""
        return replace(self._made, strength=self.strength)

    def __setstate__(self, made: _Made) -> None:
        self._load(made)

    def alone(self) -> Derainer:
        """One with all memory and threads for a picture at a time; itself where it is such."""
        if self._made.jobs is None:
            return self
        alone = Derainer.__new__(Derainer)
        alone._load(replace(self.__getstate__(), jobs=None))
        return alone

    def without_turning(self) -> Derainer:
        """The same, for frames and parts of a picture, which must all be looked at alike.

        A picture whose rain falls sideways is otherwise looked at on its side.
        """
        same = Derainer.__new__(Derainer)
        same.__dict__ = {**self.__dict__, "_made": replace(self._made, turns=False)}
        return same

    @property
    def backend(self) -> str:
        """What runs the network, for people (name, device and precision)."""
        b = self._engine.backend
        return f"{b.name} ({b.device}, {b.precision})"

    @overload
    def __call__(
        self,
        image: Buffer | BinaryIO,
        *,
        strength: float | None = None,
        progress: Progress | None = None,
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
            image: A path, the bytes of a picture file, a file open in binary mode (read from where
                it stands), a PIL image, or an array (H, W) or (H, W, C), uint8, uint16 or floating
                in [0, 1]; grey or RGB, with alpha or not.
            strength: From 0 to 1, for this picture only.
            progress: Told (finished pixels, all pixels) after every tile.

        Returns:
            The same kind: bytes of the same format (for a file, too), a PIL image, an array of the
            same type; for a path an array of the file's depth. Alpha comes back untouched, grey
            stays grey.

        Warns:
            UserWarning: What a file held beside its picture and the bytes do not.

        Raises:
            UsageError: The strength.
            InputNotFoundError, InvalidImageError, PermissionDeniedError: The picture.
            OutOfMemoryError, NonFiniteError: The run.
        """
        strength = self.strength if strength is None else check_strength(strength)
        opened = open_image(image, self._max_pixels)
        return opened.close(self._clean(opened.colour, strength, progress, None))

    @overload
    def separate(
        self,
        image: Buffer | BinaryIO,
        *,
        strength: float | None = None,
        progress: Progress | None = None,
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
        opened = open_image(image, self._max_pixels)
        shape = (*opened.colour.shape[:2], 3)
        layers = np.empty(shape, np.float32), np.empty(shape, np.float32)
        clean = self._clean(opened.colour, strength, progress, layers)
        return Separation(opened.close(clean), *layers)

    def _clean(
        self,
        colour: Colours,
        strength: float,
        progress: Progress | None,
        layers: Layers | None,
    ) -> Colours:
        with self._at_work(*colour.shape[:2]) as engine:
            if not (self._made.turns and falls_sideways(engine, colour)):
                return derain(engine, colour, strength, progress, layers)
            views = layers and (np.rot90(layers[0]), np.rot90(layers[1]))
            clean = derain(engine, np.rot90(colour), strength, progress, views)
            return np.ascontiguousarray(np.rot90(clean, -1))


def _check_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not (fits and least <= int(value) and (most is None or int(value) <= most)):  # type: ignore[call-overload]
        range_ = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise UsageError(f"{name} must be a whole number {range_}, not {value}")
