"""Where energy was removed, and how much of a dry photograph changed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from derain.metrics import METRICS, changed_fraction, rain_mask, removed_direction, streak_removal

Pixels = NDArray[np.uint8]


@pytest.fixture
def striped() -> tuple[Pixels, Pixels]:
    """A soft picture, and the same with bright stripes in its left half."""
    ramp = np.linspace(60, 160, 120)
    clean = np.broadcast_to(ramp[None, :, None], (90, 120, 3)).round().astype(np.uint8)
    rainy = clean.copy()
    rainy[:, 4:60:8] += 60
    return rainy, clean


def test_perfect_removal_is_inside_only(striped: tuple[Pixels, Pixels]) -> None:
    rainy, clean = striped
    removal = streak_removal(rainy, clean, rain_mask(rainy, clean))
    assert removal is not None
    assert removal.inside > 0.99
    nothing = streak_removal(rainy, rainy, rain_mask(rainy, clean))
    assert nothing == (0, 0)


def test_a_smear_is_seen_outside(striped: tuple[Pixels, Pixels]) -> None:
    rainy, clean = striped
    textured = rainy.copy()
    textured[::2, 70:] += 20  # texture where it does not rain
    smeared = rainy.copy()
    removal = streak_removal(textured, smeared, rain_mask(rainy, clean))
    assert removal is not None
    assert removal.inside == pytest.approx(0, abs=0.01)
    assert removal.outside > 0.3
    # Structure taken away outside is as bad as structure added.
    outside = METRICS["streaks/outside"].goodness
    assert (
        outside(0, "pairs")
        > outside(removal.outside, "pairs")
        == outside(-removal.outside, "pairs")
    )


def test_no_rain_has_no_answer(striped: tuple[Pixels, Pixels]) -> None:
    _, clean = striped
    assert streak_removal(clean, clean, rain_mask(clean, clean)) is None
    with pytest.raises(ValueError, match="mask"):
        streak_removal(clean, clean, np.ones((3, 3), bool))


def test_touched_counts_what_is_seen() -> None:
    dry = np.full((10, 10, 3), 100, np.uint8)
    changed = dry.copy()
    changed[:2] += 12  # 12 levels are 10.3 of Matlab's luma
    changed[2:4] += 5
    assert changed_fraction(dry, changed) == pytest.approx(0.2)
    assert changed_fraction(dry, dry) == 0


def test_the_direction_of_what_was_removed() -> None:
    """Stripes of any angle are of one direction, noise of none, and nothing has none."""
    rows, columns = np.mgrid[:96, :96]
    clean = np.full((96, 96, 3), 100, np.uint8)
    for angle in (0, 30, 90):
        along = np.cos(np.radians(angle)) * columns + np.sin(np.radians(angle)) * rows
        stripes = 100 + np.rint(40 + 40 * np.sin(along / 2))[..., None]
        rainy = np.repeat(stripes, 3, axis=2).astype(np.uint8)
        assert removed_direction(rainy, clean) > 0.97
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    assert removed_direction(noise, clean) < 0.05
    assert removed_direction(clean, clean) == 0
