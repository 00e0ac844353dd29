"""Clips made from photographs."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from derain.errors import ConfigError
from derain.rain.clips import Clip, ClipStyle, make_clip

PHOTOS = [data.astronaut(), data.chelsea(), data.coffee()]


def made(seed: int = 1, **options: object) -> Clip:
    plain = {"frames": 5, "height": 96, "width": 128, "noise": (0.0, 0.0), "jpeg": (100, 100)}
    return make_clip(PHOTOS, ClipStyle(**(plain | options)), seed)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_clip() -> None:
    a, b, c = made(), made(), made(2)
    np.testing.assert_array_equal(a.rainy, b.rainy)
    np.testing.assert_array_equal(a.clean, b.clean)
    assert (a.clean != c.clean).any()
    assert a.rainy.shape == a.clean.shape == (5, 96, 128, 3)


def test_a_dry_clip_is_its_truth_and_rain_brightens() -> None:
    dry = made(rain=("dry",))
    np.testing.assert_array_equal(dry.rainy, dry.clean)
    wet = made(rain=("light",))
    change = wet.rainy.astype(int) - wet.clean
    assert (change >= -1).all() and change.max() > 20


def test_a_camera_that_rests_shows_one_scene() -> None:
    still = made(cameras=("still",), near=(0, 0), moving=(0, 0)).clean
    assert (still == still[0]).all()
    pan = made(cameras=("pan",), near=(0, 0), moving=(0, 0)).clean
    assert (pan[0] != pan[-1]).mean() > 0.3


def test_streaks_fall_from_frame_to_frame() -> None:
    """Over black, a frame's streaks are found again further down in the next one."""
    black = [np.zeros((300, 400, 3), np.uint8)]
    style = ClipStyle(2, 160, 200, ("still",), (0, 0), (0, 0), ("light",), (0, 0), (100, 100))
    wet = make_clip(black, style, 4).rainy[..., 1].astype(float)
    product = np.fft.irfft2(np.fft.rfft2(wet[1]) * np.conj(np.fft.rfft2(wet[0])), wet[0].shape)
    down = int(np.unravel_index(product.argmax(), product.shape)[0])
    assert 10 < down < 150


def test_an_unknown_camera_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown camera 'drone'"):
        ClipStyle(cameras=("drone",))
