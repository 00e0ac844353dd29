"""Enlarging and turning, against Pillow, torch, SciPy, scikit-image and NumPy."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import center_of_mass, gaussian_filter, map_coordinates
from skimage.transform import rotate

from derain.errors import InvalidImageError, UsageError
from derain.metrics import enlarge, turn, views

Pixels = NDArray[np.uint8]

SIDES = st.integers(21, 160)
ANGLES = st.floats(-360, 360).filter(lambda angle: angle % 90)


@pytest.mark.parametrize("factor", [0.5, 1.5, 2, 3.3])
def test_enlarged_against_torch(photo: Pixels, factor: float) -> None:
    larger = enlarge(photo, factor)
    height, width = (round(side * factor) for side in photo.shape[:2])
    assert larger.shape == (height, width, 3) and larger.dtype == np.uint8
    planes = torch.from_numpy(photo).permute(2, 0, 1)[None].float()
    theirs = torch.nn.functional.interpolate(
        planes, (height, width), mode="bicubic", align_corners=False, antialias=True
    )
    theirs = theirs[0].permute(1, 2, 0).clamp(0, 255).numpy()
    assert np.abs(larger - theirs).max() <= 2


def test_enlarged_by_one_is_the_picture(photo: Pixels) -> None:
    np.testing.assert_array_equal(enlarge(photo, 1), photo)


@pytest.mark.parametrize("quarters", range(-4, 5))
def test_right_angles_are_exact(photo: Pixels, quarters: int) -> None:
    np.testing.assert_array_equal(turn(photo, quarters * 90), np.rot90(photo, quarters))


@pytest.mark.parametrize("degrees", [-45, 10, 30.5, 100, 200])
def test_turned_against_scipy(photo: Pixels, degrees: float) -> None:
    """Splines at coordinates worked out here; on a soft picture, where all kernels agree."""
    soft = gaussian_filter(photo.astype(float), (3, 3, 0)).round().astype(np.uint8)
    ours = turn(soft, degrees)
    middle, own = ((np.array(x.shape[:2])[:, None, None] - 1) / 2 for x in (soft, ours))
    down, across = np.indices(ours.shape[:2]) - own
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    places = np.stack([down * cos + across * sin, across * cos - down * sin]) + middle
    for channel in range(3):
        theirs = map_coordinates(soft[..., channel].astype(float), places, mode="nearest")
        difference = ours[..., channel] - theirs
        assert np.abs(difference).max() < 3 and abs(difference.mean()) < 0.01


def test_turned_as_scikit_image_turns() -> None:
    """Counter-clockwise, about the middle."""
    square = np.zeros((101, 101, 3), np.uint8)
    square[40:44, 60:64] = 255
    ours = turn(square, 30)
    theirs = rotate(square, 30, order=3, preserve_range=True)
    places = (np.array(center_of_mass(x)) - (np.array(x.shape) - 1) / 2 for x in (ours, theirs))
    np.testing.assert_allclose(*places, atol=0.05)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, ANGLES)
def test_no_filling_is_kept_and_nothing_else_is_lost(
    height: int, width: int, degrees: float
) -> None:
    """Pillow turns a mask; the rectangle lies within it, and no wider or higher one does."""
    mask = Image.new("L", (width, height), 255).rotate(
        degrees, Image.Resampling.BICUBIC, expand=True
    )
    white = np.full((height, width, 3), 255, np.uint8)
    try:
        kept = turn(white, degrees)
    except InvalidImageError:
        return
    assert (kept == 255).all()
    whole = np.asarray(mask)
    for wider, higher in ((2, 0), (0, 2)):
        rows, columns = kept.shape[0] + higher, kept.shape[1] + wider
        top, left = (whole.shape[0] - rows) // 2, (whole.shape[1] - columns) // 2
        if top >= 0 and left >= 0:
            window = whole[top : top + rows, left : left + columns]
            assert (window == 0).any() or max(rows, columns) > max(whole.shape)


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 300), (700, 200)])
@pytest.mark.parametrize("degrees", [5, 30, 45, 80, 135])
def test_the_rectangle_has_the_largest_area(width: int, height: int, degrees: float) -> None:
    """Against the rectangle's closed form, found elsewhere (stackoverflow.com/a/16778797)."""
    sin, cos = (abs(f(math.radians(degrees))) for f in (math.sin, math.cos))
    long, short = max(width, height), min(width, height)
    if short <= 2 * sin * cos * long or abs(sin - cos) < 1e-10:
        half = short / 2
        size = (half / sin, half / cos) if width >= height else (half / cos, half / sin)
    else:
        square = cos * cos - sin * sin
        size = (width * cos - height * sin) / square, (height * cos - width * sin) / square
    kept = turn(np.zeros((height, width, 3), np.uint8), degrees).shape[1::-1]
    assert math.prod(kept) >= math.prod(size) - 2 * sum(size)
    assert math.prod(kept) <= math.prod(side + 2 for side in size)


def test_turned_back_it_is_the_picture(photo: Pixels) -> None:
    """The middle stays in the middle, and counter-clockwise is meant."""
    soft = gaussian_filter(photo.astype(float), (2, 2, 0)).round().astype(np.uint8)
    back = turn(turn(soft, 30), -30).astype(int)
    top, left = ((a - b) // 2 for a, b in zip(soft.shape[:2], back.shape[:2], strict=True))
    middle = soft[top : top + back.shape[0], left : left + back.shape[1]]
    assert np.abs(back - middle).mean() < 2


def test_examples_of_the_docstrings() -> None:
    results = doctest.testmod(views)
    assert results.attempted == 2
    assert not results.failed


@pytest.mark.parametrize("factor", [0, -1, 8.1, math.nan, math.inf])
def test_impossible_factors(photo: Pixels, factor: float) -> None:
    with pytest.raises(UsageError, match="give a factor above 0, at most 8"):
        enlarge(photo, factor)


@pytest.mark.parametrize("degrees", [361, -400, math.nan, math.inf])
def test_impossible_angles(photo: Pixels, degrees: float) -> None:
    with pytest.raises(UsageError, match="give an angle from -360 to 360"):
        turn(photo, degrees)


def test_pictures_too_small(photo: Pixels) -> None:
    with pytest.raises(InvalidImageError, match="24x24 pixels turned by 45 degrees leave"):
        turn(photo[:24, :24], 45)
    with pytest.raises(InvalidImageError, match=r"enlarged by 0\.25 leave 10x10"):
        enlarge(photo[:40, :40], 0.25)
    with pytest.raises(InvalidImageError, match="leave"):
        turn(photo[:12, :40], 45)
    assert turn(photo[:8, :9], 90).shape == (9, 8, 3)
    assert enlarge(photo[:8, :9], 2).shape == (16, 18, 3)
