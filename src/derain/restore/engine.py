"""The walk over a picture: tiles through a backend, blended, band after band.

A pure function of arrays; the command line, the server and the video path only adapt it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from derain.errors import NonFiniteError, OutOfMemoryError, UsageError
from derain.restore.backends import Backend, Planes, TileTooLarge
from derain.restore.strength import FULL
from derain.restore.tiles import FEATHER, Box, cuts, faded, fitting_window, ramp
from derain.zoo import ModelCard

Progress = Callable[[int, int], None]
Read = Callable[[Box], Planes]


@dataclass(frozen=True)
class Band:
    """Finished rows of a picture: rain and detail, each (3, rows, W) float32, from row ``top``.

    Valid until the next band is asked for, which overwrites it.
    """

    top: int
    rain: Planes
    detail: Planes

    def scale(self, strength: float) -> None:
        """Keep this share (0..1) of both layers, so that O - R + D goes only so far away from O.

        In place: rows that are finished are read by nobody else.
        """
        if strength != FULL:
            for layer in (self.rain, self.detail):
                np.multiply(layer, np.float32(strength), out=layer)


class Engine:
    """Runs one model on pictures of any size within a budget of memory.

    Args:
        backend: What runs the network.
        card: Says how large tiles may be and what context they need.
        budget: Bytes a single run may take.
        tile: Largest side of a tile without its halo, 0 for as large as the budget allows.

    Thread-safe.
    """

    def __init__(self, backend: Backend, card: ModelCard, budget: int, tile: int = 0) -> None:
        self.backend, self.card = backend, card
        self._float32: Backend | None = None
        self._feather = min(FEATHER, card.size_multiple // 2)
        self._tile, self._pixels = tile, budget // card.bytes_per_pixel

    def bands(
        self, read: Read, height: int, width: int, progress: Progress | None = None
    ) -> Iterator[Band]:
        """Rain and detail layers of a picture, from top to bottom.

        Args:
            read: Gives the (3, h, w) float32 pixels in [0, 1] of a box.
            height, width: The picture's size, from 1x1 up.
            progress: Told (finished pixels, all pixels) after every tile.

        Raises:
            OutOfMemoryError: Even the smallest tile does not fit.
            NonFiniteError: The network gave values that are not finite, in float32 too.
        """
        picture, feather = Box(0, height, 0, width), self._feather
        rows, columns = self._cuts(height, width)
        run = _Run(self, read, picture)
        carried: NDArray[np.float32] | None = None
        tallest = max(bottom - top for top, bottom in pairwise(rows)) + 2 * feather
        buffer = np.empty((2, 3, min(height, tallest), width), np.float32)
        done = 0
        for top, bottom in pairwise(rows):
            extent = Box(top, bottom, 0, width).grown(feather, picture)
            band = buffer[:, :, : extent.height]
            band.fill(0)
            if carried is not None:
                band[:, :, : carried.shape[2]] = carried
            fade_down = ramp(top, bottom, height, feather)
            for left, right in pairwise(columns):
                core = Box(top, bottom, left, right)
                box = core.grown(feather, picture)
                fade_across = ramp(left, right, width, feather)
                for piece, layers in run.predict(box):
                    inside = slice(piece.top - box.top, piece.bottom - box.top)
                    beside = slice(piece.left - box.left, piece.right - box.left)
                    for part, layer in enumerate(layers):
                        shown = faded(layer, fade_down[inside], fade_across[beside])
                        band[part, :, inside, piece.left : piece.right] += shown
                done += core.height * core.width
                if progress:
                    progress(done, height * width)
            finished = height if bottom == height else bottom - feather
            ready = finished - extent.top
            yield Band(extent.top, band[0, :, :ready], band[1, :, :ready])
            carried = band[:, :, ready:].copy()

    def need(self, height: int, width: int) -> int:
        """Bytes that the largest tile of a picture of this size takes."""
        rows, columns = self._cuts(height, width)
        multiple, pixels = self.card.size_multiple, 1
        for size, borders in ((height, rows), (width, columns)):
            longest = max(b - a for a, b in pairwise(borders)) + 2 * self.card.halo
            pixels *= -(-min(size, longest) // multiple) * multiple
        return pixels * self.card.bytes_per_pixel

    def _cuts(self, height: int, width: int) -> tuple[list[int], list[int]]:
        halo, multiple = self.card.halo, self.card.size_multiple
        side = self._tile + 2 * halo
        if self._tile and min(side, height) * min(side, width) <= self._pixels:
            return cuts(height, self._tile, 0, multiple), cuts(width, self._tile, 0, multiple)
        down, across = fitting_window(height, width, self._pixels, halo, multiple)
        if self._tile:
            down, across = min(down, side), min(across, side)
        return cuts(height, down, halo, multiple), cuts(width, across, halo, multiple)

    def _layers(self, rainy: Planes) -> tuple[Planes, Planes]:
        layers = self.backend.run(rainy)
        shapes = [np.shape(layer) for layer in layers]
        if shapes != [rainy.shape] * 2:
            told = " and ".join(map(str, shapes))
            raise UsageError(
                f"backend {self.backend.name} gave layers of the shapes {told}, not two of "
                f"{rainy.shape}"
            )
        return layers

    def _run(self, rainy: Planes) -> tuple[Planes, Planes]:
        rain, detail = self._layers(rainy)
        if np.isfinite(rain).all() and np.isfinite(detail).all():
            return rain, detail
        if self._float32 is None:
            self._float32 = self.backend.in_float32()
        if self._float32 is not self.backend:
            rain, detail = self._float32.run(rainy)
            if np.isfinite(rain).all() and np.isfinite(detail).all():
                return rain, detail
        raise NonFiniteError(
            f"model {self.card.name} on {self.backend.name} gave values that are not finite; "
            "try another --backend"
        )


class _Run:
    """One walk: remembers how much fitted into memory so far."""

    def __init__(self, engine: Engine, read: Read, picture: Box) -> None:
        self._engine, self._read, self._picture = engine, read, picture
        self._largest: int | None = None

    def predict(self, box: Box) -> Iterator[tuple[Box, tuple[Planes, Planes]]]:
        """Layers of ``box``, computed with its halo; in parts when memory is short."""
        card = self._engine.card
        around = box.grown(card.halo - self._engine._feather, self._picture)
        around = around.aligned(card.size_multiple)
        halves = box.halves(card.size_multiple)
        if self._largest is None or around.height * around.width < self._largest or not halves:
            try:
                layers = self._whole(box, around)
            except (TileTooLarge, MemoryError) as error:
                if not halves:
                    raise OutOfMemoryError(
                        f"not enough memory for a tile of {around.width}x{around.height} pixels; "
                        "close other programs or use a smaller --model"
                    ) from error
                self._largest = around.height * around.width
            else:
                yield box, layers
                return
        for half in halves:
            yield from self.predict(half)

    def _whole(self, box: Box, around: Box) -> tuple[Planes, Planes]:
        multiple = self._engine.card.size_multiple
        padded = _pad(self._read(around), multiple)
        rain, detail = self._engine._run(padded)
        rows = slice(box.top - around.top, box.bottom - around.top)
        columns = slice(box.left - around.left, box.right - around.left)
        return rain[:, rows, columns], detail[:, rows, columns]


def _pad(planes: Planes, multiple: int) -> Planes:
    """Reflected at the bottom and the right up to multiples, any size from 1x1 up."""
    height, width = planes.shape[1:]
    add = ((0, 0), (0, -height % multiple), (0, -width % multiple))
    return np.pad(planes, add, mode="reflect") if any(a for _, a in add) else planes
