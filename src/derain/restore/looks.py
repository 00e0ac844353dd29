"""All looks at a picture: at its own size and, where it is large, at its reduced copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from derain.restore.engine import Engine, Progress
from derain.restore.images import Colours
from derain.restore.planes import apply_change, full_scale, to_unit
from derain.restore.scales import enlarged, looked_at, picture_rows, reduce, reductions, sure
from derain.restore.strength import FULL
from derain.restore.tiles import Box

Layers = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Rain and detail, (H, W, 3) each, in units of the full range."""

_ROWS = 32  # finished at a time, so that they stay in the processor's cache


def derain(
    engine: Engine,
    colour: Colours,
    strength: float,
    progress: Progress | None,
    layers: Layers | None,
) -> Colours:
    """The clean picture, after all looks.

    Args:
        engine: Runs the network.
        colour: (H, W, 1 or 3) pixels of any type.
        strength: How much of the change is applied.
        progress: Told (finished pixels, all pixels), those of the copies included.
        layers: Filled with what was applied.

    Returns:
        Of the shape and type of ``colour``.
    """
    height, width = colour.shape[:2]
    factors = reductions(height, width)
    told = _Told(progress, looked_at(height, width))
    if not factors:
        return _look(engine, colour, strength, told, layers)
    clean = _look(engine, colour, FULL, told, layers)
    for factor in factors:
        _look_wider(engine, clean, factor, told, layers and layers[0])
    if layers:
        _keep_to(colour, clean, layers)
    if strength != FULL:
        _weaken(colour, strength, clean, layers)
    return clean


def _look(
    engine: Engine,
    colour: Colours,
    strength: float,
    progress: Progress,
    layers: Layers | None,
) -> Colours:
    """The network on the picture as it is; gives the clean one and fills its layers."""
    height, width = colour.shape[:2]
    clean = np.empty_like(colour)

    def read(box: Box) -> NDArray[np.float32]:
        return to_unit(colour[box.top : box.bottom, box.left : box.right])

    for band in engine.bands(read, height, width, progress):
        band.scale(strength)
        rows = slice(band.top, band.top + band.rain.shape[1])
        for at in range(0, band.rain.shape[1], _ROWS):
            part = slice(at, at + _ROWS)
            change = band.detail[:, part] - band.rain[:, part]
            apply_change(colour[rows][part], change, clean[rows][part])
        if layers:
            layers[0][rows] = np.moveaxis(band.rain, 0, 2)
            layers[1][rows] = np.moveaxis(band.detail, 0, 2)
    return clean


def _look_wider(
    engine: Engine,
    clean: Colours,
    factor: int,
    progress: Progress,
    rain: NDArray[np.float32] | None,
) -> None:
    """Take away, in place, what a reduced copy shows as rain; ``rain`` gets it on top."""
    height, width = clean.shape[:2]
    small = reduce(clean, factor)
    found = np.empty_like(small)

    def read(box: Box) -> NDArray[np.float32]:
        return small[:, box.top : box.bottom, box.left : box.right]

    for band in engine.bands(read, small.shape[1], small.shape[2], progress):
        np.subtract(band.rain, band.detail, out=found[:, band.top : band.top + band.rain.shape[1]])
    sure(found)
    for top, bottom in picture_rows(height, factor):
        layer = enlarged(found, factor, top, bottom, width)
        if rain is not None:
            rain[top:bottom] += np.moveaxis(layer, 0, 2)
        apply_change(clean[top:bottom], np.negative(layer, out=layer), clean[top:bottom])


def _keep_to(colour: Colours, clean: Colours, layers: Layers) -> None:
    """Where a look went beyond black or white, have the layers say what was applied, in place."""
    rain, detail = layers
    level = 1 / full_scale(colour.dtype) if colour.dtype.kind != "f" else 0
    for top in range(0, len(colour), _ROWS):
        rows = slice(top, top + _ROWS)
        meant = detail[rows] - rain[rows]
        if colour.shape[2] == 1:
            meant = meant.mean(axis=2, keepdims=True)
        beyond = meant - np.moveaxis(to_unit(clean[rows]) - to_unit(colour[rows]), 0, 2)
        rain[rows] += np.where(np.abs(beyond) > level, beyond, 0)  # the rest is rounding


def _weaken(
    colour: Colours,
    strength: float,
    clean: Colours,
    layers: Layers | None,
) -> None:
    """Keep this share of all that was changed, in place."""
    for top in range(0, len(colour), _ROWS):
        rows = slice(top, top + _ROWS)
        change = np.float32(strength) * (to_unit(clean[rows]) - to_unit(colour[rows]))
        apply_change(colour[rows], change, clean[rows])
    for layer in layers or ():
        layer *= np.float32(strength)


class _Told:
    """Progress of several looks at one picture, told as that of one."""

    def __init__(self, progress: Progress | None, pixels: int) -> None:
        self._progress, self._before, self._all = progress, 0, pixels

    def __call__(self, done: int, of: int) -> None:
        if self._progress:
            self._progress(self._before + done, self._all)
        if done == of:
            self._before += of
