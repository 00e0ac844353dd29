"""Rain that falls sideways, in a picture that lies on its side or in a gale (OURS).

Networks know rain that falls: of rain that slants by more than about 45 degrees they leave half
where it is, and nearly all from 60 on, however much of it they are trained on
(research/journal/rain.md). Turned by a quarter it slants by less. So the middle of the picture is
looked at on its side, and, where there is more rain in it that way, so is the picture.

Rain is everywhere and a railing is not, so squares with little of it count, not their mean. And
turned, it stands upright: lines that slant either way are hatching, or weave. Where all lines run
one way it is as sure as can be, and less of the rest is asked.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from derain.restore.engine import Engine
from derain.restore.scales import reduce, reductions

_SIDE = 192  # of the middle that is looked at; 160 are wrong more often, 256 no less
_SQUARE = 32
_LEAST = 4 * _SQUARE  # side of that middle: fewer squares say too little
_QUANTILE = 0.4  # of squares, by what is changed in each
_RAIN = 1.5 / 255  # of full range, in mean change of a square: dry pictures have less


class _Signs(NamedTuple):
    """What makes it rain.

    Attributes:
        slant: Of its lines in the turned picture, in degrees, at most. Railings have 90, hatching
            67.
        coherence: Of its lines, at least.
        times: As much is found as in the picture as it lies.
    """

    slant: float
    coherence: float
    times: float


_ENOUGH = _Signs(36, 0.6, 2), _Signs(46, 0.85, 1.3)  # either will do


def falls_sideways(engine: Engine, colour: NDArray[Any]) -> bool:
    """Whether there is rain in this picture that the network sees only in one turned by a quarter.

    Args:
        engine: Runs the network, on 192x192 pixels: once, or twice where there may be such rain.
        colour: (H, W, 1 or 3) pixels of any type. Smaller ones than 128 pixels a side never have.
    """
    factor = max(reductions(*colour.shape[:2]), default=1)
    middle = reduce(_middle(colour, _SIDE * factor), factor)
    if min(middle.shape[1:]) < _LEAST:
        return False
    turned = _change(engine, np.rot90(middle, axes=(1, 2)))
    found, (slant, coherence) = _found(turned), _lines(turned)
    likely = [s for s in _ENOUGH if slant <= s.slant and coherence >= s.coherence]
    if found <= _RAIN or not likely:
        return False
    return found > min(signs.times for signs in likely) * _found(_change(engine, middle))


def _middle(colour: NDArray[Any], side: int) -> NDArray[Any]:
    rows, columns = (
        slice((size - cut) // 2, (size + cut) // 2)
        for size, cut in ((size, min(size, side)) for size in colour.shape[:2])
    )
    return colour[rows, columns]


def _change(engine: Engine, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network changes of (3, h, w), the mean of its colours: (h, w)."""
    height, width = planes.shape[1:]
    bands = engine.bands(
        lambda box: planes[:, box.top : box.bottom, box.left : box.right], height, width
    )
    return np.concatenate([(band.rain - band.detail).mean(axis=0) for band in bands])


def _found(change: NDArray[np.float32]) -> float:
    """The mean change of a square than which two fifths are changed less."""
    down, across = (side // _SQUARE for side in change.shape)
    squares = np.abs(change[: down * _SQUARE, : across * _SQUARE])
    means = squares.reshape(down, _SQUARE, across, _SQUARE).mean(axis=(1, 3))
    return float(np.quantile(means, _QUANTILE))


def _lines(change: NDArray[np.float32]) -> tuple[float, float]:
    """How the lines in a change run, on the whole.

    By the structure tensor: lines run where the change is steepest beside them (Bigün and Granlund,
    1987).

    Returns:
        By how many degrees, 0 to 90, they are away from upright; and from 0, any way, to 1, all
        the same way.
    """
    down = change[2:, 1:-1] - change[:-2, 1:-1]
    across = change[1:-1, 2:] - change[1:-1, :-2]
    acrosses, downs = float((across**2).sum()), float((down**2).sum())
    apart, both = acrosses - downs, 2 * float((down * across).sum())
    slant = abs(math.degrees(math.atan2(both, apart))) / 2
    return slant, math.hypot(apart, both) / (acrosses + downs or 1)
