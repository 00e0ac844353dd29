"""What only clips have: a worst frame, a bias over time, flicker, frames at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from derain.metrics.metric import Metric, Sample, mean_of_frames
from derain.metrics.protocols import Planes, luma
from derain.metrics.psnr import IDENTICAL, restored_psnr
from derain.metrics.ssim import restored_ssim

_FLAT = 50.0  # Lai et al.: exp(-50 d^2), d in units of the full range
_ENDS = 2  # frames that S2VD's script leaves out at either end


class Drawing:
    """Planes drawn to where a flow points, by linear interpolation.

    Args:
        flow: (H, W, 2) float32, x then y.

    Attributes:
        inside: (H, W), where the flow stays in the frame.
    """

    def __init__(self, flow: NDArray[np.float32]) -> None:
        height, width = flow.shape[:2]
        y, x = np.mgrid[:height, :width]
        x, y = x + flow[..., 0].astype(np.float64), y + flow[..., 1].astype(np.float64)
        self.inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        left = np.minimum(x.astype(int), max(0, width - 2))
        top = np.minimum(y.astype(int), max(0, height - 2))
        self._u, self._v, self._first = x - left, y - top, top * width + left
        self._right, self._below = min(1, width - 1), min(1, height - 1) * width

    def __call__(self, plane: Planes) -> Planes:
        """(H, W) float64, the plane as it is seen from where the flow starts."""
        values, at = np.ravel(plane), self._first
        upper = (1 - self._u) * values[at] + self._u * values[at + self._right]
        at = at + self._below
        lower = (1 - self._u) * values[at] + self._u * values[at + self._right]
        return np.asarray((1 - self._v) * upper + self._v * lower)


class _Step(NamedTuple):
    """What two successive frames of the truth say of how a clip is to change."""

    drawing: Drawing
    weight: Planes
    own: float


def _restored_luma(sample: Sample) -> Planes:
    return luma(sample.restored) / 255


def _true_luma(sample: Sample) -> Planes:
    return luma(sample.truth) / 255


def _step(sample: Sample) -> _Step | None:
    if sample.before is None or sample.flow is None:
        return None
    drawing, here = Drawing(sample.flow), sample.once(_true_luma)
    squares = (here - drawing(sample.before.once(_true_luma))) ** 2
    weight = drawing.inside * np.exp(-_FLAT * squares)
    return _Step(drawing, weight, _mean(squares, weight))


def _mean(values: Planes, weight: Planes) -> float:
    return float((weight * values).sum() / max(float(weight.sum()), 1e-12))


def warping_error(sample: Sample) -> float | None:
    """Mean squared difference of a frame and the one before along the truth's motion (E_warp).

    Luma in units of the full range; the frame before is drawn on by linear interpolation; a pixel
    counts by exp(-50 d^2), d the truth's own difference there, and not at all where the motion
    leaves the frame. A clip's is the mean over its steps (Lai et al., ECCV 2018).

    Returns:
        None for the first frame, which has none before it.
    """
    step = sample.once(_step)
    if step is None or sample.before is None:
        return None
    drawn = step.drawing(sample.before.once(_restored_luma))
    return _mean((sample.once(_restored_luma) - drawn) ** 2, step.weight)


def _flicker(sample: Sample) -> float | None:
    error = warping_error(sample)
    return None if error is None else 1e4 * error


def _true_flicker(sample: Sample) -> float | None:
    step = sample.once(_step)
    return None if step is None else 1e4 * step.own


def _inner(values: Sequence[float]) -> float | None:
    return mean_of_frames(values[_ENDS:-_ENDS])


def worst_frame(curve: Sequence[float]) -> int:
    """The number of the lowest value, from 0; the first of several."""
    return min(range(len(curve)), key=curve.__getitem__)


def _lowest(values: Sequence[float]) -> float | None:
    return min(values, default=None)


WORST = Metric(
    name="worst",
    help="PSNR of a clip's worst frame.",
    better={"clips": "higher"},
    compute=lambda sample: sample.once(restored_psnr),
    over_frames=_lowest,
    unit="dB",
    digits=2,
    tolerance=0.02,
    best=IDENTICAL,
    under_protocols=True,
)

PSNR_INNER = Metric(
    name="psnr/inner",
    help="PSNR without a clip's first and last two frames, which S2VD's script (Yue et al., CVPR "
    "2021) leaves out on NTURain; of clips of at least five frames.",
    better={"clips": "higher"},
    compute=lambda sample: sample.once(restored_psnr),
    over_frames=_inner,
    unit="dB",
    digits=2,
    tolerance=0.02,
    best=IDENTICAL,
    under_protocols=True,
)

SSIM_INNER = Metric(
    name="ssim/inner",
    help="SSIM without them.",
    better={"clips": "higher"},
    compute=lambda sample: sample.once(restored_ssim),
    over_frames=_inner,
    digits=4,
    tolerance=0.0005,
    best=1.0,
    under_protocols=True,
)

BIAS = Metric(
    name="bias",
    help="Mean of restored less truth, over all colours: below zero where a clip grew darker.",
    better={"clips": "zero"},
    compute=lambda s: float(np.subtract(s.restored, s.truth, dtype=np.float64).mean()),
    unit="levels",
    digits=2,
    tolerance=0.05,
    best=0.0,
    signed=True,
)

FLICKER = Metric(
    name="flicker",
    help="Warping error (Lai et al., ECCV 2018) along the truth's motion, which is sought by DIS, "
    "times 10^4. Below flicker/truth a clip is blurred and not steadier.",
    better={"clips": "lower"},
    compute=_flicker,
    digits=2,
    tolerance=0.05,
)

FLICKER_TRUTH = Metric(
    name="flicker/truth",
    help="That of the truth itself: what no clip can be steadier than without loss.",
    better={"clips": None},
    compute=_true_flicker,
    digits=2,
    tolerance=0.05,
)
