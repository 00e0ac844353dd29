"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from derain.metrics.metric import Metric, Sample
from derain.metrics.protocols import Pixels, check_comparable, protocol_named

_ROWS = 16  # at a time, so that they stay in the processor's cache

IDENTICAL = 100.0
"""What stands in means for an infinite PSNR, a picture left bit for bit, in dB. OURS."""


def psnr(a: Pixels, b: Pixels, protocol: str = "matlab-y") -> float:
    """10 log10(255^2 / MSE) in dB; infinite for equal images.

    Every protocol is linear, so the planes of the difference are the difference of the planes.

    Args:
        a, b: (H, W, 3) uint8.
        protocol: A name of :data:`derain.metrics.PROTOCOLS`.
    """
    check_comparable(a, b)
    gain = protocol_named(protocol).gain
    total = 0.0
    for top in range(0, a.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        difference = np.subtract(a[rows], b[rows], dtype=np.float64).reshape(-1, 3)
        planes = (difference @ gain).ravel()
        total += float(np.dot(planes, planes))
    mean = total / (a.shape[0] * a.shape[1] * gain.shape[1])
    return float("inf") if mean == 0 else 10 * float(np.log10(255**2 / mean))


def capped_psnr(a: Pixels, b: Pixels, protocol: str = "matlab-y") -> float:
    """:func:`psnr` for means: never more than :data:`IDENTICAL`."""
    return min(IDENTICAL, psnr(a, b, protocol))


def restored_psnr(sample: Sample) -> float:
    """:func:`capped_psnr` of the restored picture under the sample's protocol."""
    return capped_psnr(sample.restored, sample.truth, sample.protocol)


def _before(sample: Sample) -> float:
    return capped_psnr(sample.rainy, sample.truth, sample.protocol)


PSNR = Metric(
    name="psnr",
    help="Peak signal-to-noise ratio against the ground truth; 100 dB for a picture left bit for "
    "bit.",
    better={"pairs": "higher", "rain-free": "higher", "clips": "higher"},
    compute=lambda sample: sample.once(restored_psnr),
    unit="dB",
    digits=2,
    tolerance=0.02,
    best=IDENTICAL,
    under_protocols=True,
    ranks=frozenset({"rain-free"}),
    plots=frozenset({"rain-free"}),
    curve=True,
    revision=0,
)

INPUT = Metric(
    name="input",
    help="PSNR of the rainy picture itself: how hard a pair is.",
    better={"pairs": None, "clips": None},
    compute=lambda sample: sample.once(_before),
    unit="dB",
    digits=2,
    tolerance=0.005,  # no network has a part in it
    under_protocols=True,
    tabled=False,
    revision=0,
)

GAIN = Metric(
    name="gain",
    help="PSNR of the restored picture less that of the rainy one: what the method is worth.",
    better={"pairs": "higher", "clips": "higher"},
    compute=lambda sample: sample.once(restored_psnr) - sample.once(_before),
    unit="dB",
    digits=2,
    tolerance=0.025,  # that of both
    under_protocols=True,
    signed=True,
    ranks=frozenset({"pairs", "clips"}),
    plots=frozenset({"pairs", "clips"}),
    revision=0,
)
