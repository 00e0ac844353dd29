"""How much of a picture was changed visibly. OURS."""

from __future__ import annotations

from derain.metrics.metric import Metric
from derain.metrics.protocols import Pixels
from derain.metrics.streaks import rain_mask


def changed_fraction(image: Pixels, restored: Pixels) -> float:
    """Share of pixels whose luma moved by more than 8 levels, in 0..1.

    Args:
        image, restored: (H, W, 3) uint8.
    """
    return float(rain_mask(image, restored).mean())


TOUCHED = Metric(
    name="touched",
    help="Share of pixels that moved by more than 8 levels of luma (ours): on a photograph without "
    "rain the damage, on real rain how much was taken for rain.",
    better={"rain-free": "lower", "real": "higher"},
    compute=lambda sample: changed_fraction(sample.rainy, sample.restored),
    digits=4,
    tolerance=0.002,
    best=0.0,
    needs_truth=False,
    ranks=frozenset({"real"}),
    revision=0,
)
