"""What a metric is: how it is computed, and all that tables, reports and checks know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from derain.metrics.protocols import Pixels

Kind = Literal["pairs", "rain-free", "real", "clips"]
"""What a set is: pictures with ground truth; without rain, their own ground truth; without any; and
clips with ground truth."""

KINDS: tuple[Kind, ...] = ("pairs", "rain-free", "real", "clips")

Direction = Literal["higher", "lower", "zero"]
"""Where better values lie; ``zero``: the nearer to zero on either side."""

T = TypeVar("T")


def needs_nothing() -> None:
    """What a metric requires that is always there."""


def mean_of_frames(values: Sequence[float]) -> float | None:
    """The mean over the frames that have a value; None where none has."""
    return fmean(values) if values else None


@dataclass(frozen=True, eq=False)
class Sample:
    """One restored picture and what it is held against; all (H, W, 3) uint8 of one size.

    Attributes:
        rainy: What was restored.
        restored: The result.
        clean: The ground truth; of a photograph without rain the photograph; None without any.
        protocol: The protocol asked for; only metrics under protocols look at it.
        before: Of a frame of a clip the frame before it; None for the first one and for pictures.
        flow: (H, W, 2) float32, x then y, where each pixel of the truth is seen in the frame
            before; None without one.
    """

    rainy: Pixels
    restored: Pixels
    clean: Pixels | None = None
    protocol: str = "matlab-y"
    before: Sample | None = field(default=None, repr=False)
    flow: NDArray[np.float32] | None = field(default=None, repr=False)
    _known: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    @property
    def truth(self) -> Pixels:
        """The ground truth, for metrics that need it.

        Raises:
            ValueError: There is none.
        """
        if self.clean is None:
            raise ValueError("this metric needs ground truth")
        return self.clean

    def once(self, function: Callable[[Sample], T]) -> T:
        """``function(self)``, computed once for all metrics that share it."""
        if function not in self._known:
            self._known[function] = function(self)
        return cast(T, self._known[function])


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric:
    """A number for a restored picture, and how to read it.

    Attributes:
        name: Of the score in records, tables and cards. Under protocols the protocol is added:
            ``psnr/rgb``.
        help: One sentence on what it is, with its source, for the documentation.
        better: The kinds of set it is defined on, and where better values lie there; None where
            it describes the set and not the method.
        compute: The value; None where this picture has none, as where it is too small. Of a clip
            it is called for every frame.
        over_frames: A clip's value, from those of the frames that have one, in order.
        digits: Decimals in tables.
        tolerance: What rounding and another engine may change; ``derain evaluate --verify`` calls
            more a difference. (bfloat16 changes more.)
        unit: Such as dB; empty without one.
        best: What a picture equal to its ground truth scores; None where the picture decides.
        needs_truth: Whether there must be a clean picture.
        under_protocols: Whether it is computed under each protocol asked for.
        signed: Shown with its sign.
        tabled: Has a column in tables.
        ranks: Kinds whose best and worst cases it picks.
        plots: Kinds whose plots show it.
        curve: Its values frame by frame are kept with a clip's scores.
        on_request: Computed only where asked for, as ``--extra`` does by its :attr:`word`.
        require: Raises a UsageError where a library that it needs is not installed.
        revision: To be raised when its numbers change, so that older records are made again; 0 for
            metrics that records have had from the beginning.
    """

    name: str
    help: str
    better: Mapping[Kind, Direction | None]
    compute: Callable[[Sample], float | None]
    over_frames: Callable[[Sequence[float]], float | None] = mean_of_frames
    digits: int
    tolerance: float
    unit: str = ""
    best: float | None = None
    needs_truth: bool = True
    under_protocols: bool = False
    signed: bool = False
    tabled: bool = True
    ranks: frozenset[Kind] = frozenset()
    plots: frozenset[Kind] = frozenset()
    curve: bool = False
    on_request: bool = False
    require: Callable[[], None] = needs_nothing
    revision: int = 1

    @property
    def word(self) -> str:
        """What asks for it on request: ``vif`` for ``extra/vif``."""
        return self.name.rpartition("/")[2]

    def score(self, protocol: str) -> str:
        """What its score is called under a protocol."""
        return f"{self.name}/{protocol}" if self.under_protocols else self.name

    def goodness(self, value: float, kind: Kind) -> float:
        """A value to sort by: higher is better, wherever better values of this metric lie.

        Raises:
            ValueError: On this kind of set it says nothing of a method.
        """
        match self.better.get(kind):
            case "higher":
                return value
            case "lower":
                return -value
            case "zero":
                return -abs(value)
        raise ValueError(f"{self.name} does not rank methods on {kind} sets")

    def format(self, value: float) -> str:
        """A value at its digits."""
        return f"{value:{'+' if self.signed else ''}.{self.digits}f}"
