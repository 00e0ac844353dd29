"""Flow, warp and cuts, against scikit-image and motions that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from skimage import data
from skimage.registration import optical_flow_tvl1
from skimage.transform import warp as skimage_warp

from derain.restore.temporal.flow import consistent, flow, luma
from derain.restore.temporal.motion import Motion
from derain.restore.temporal.steady import Searched, camera_motion, sought_in, steadied
from derain.restore.temporal.warp import enlarged, warp

PHOTO: NDArray[np.uint8] = data.astronaut()


def moved(x: int, y: int, height: int = 160, width: int = 200) -> NDArray[np.uint8]:
    """A view of a photograph whose things lie further right and down by x and y than in (0, 0)."""
    return np.ascontiguousarray(PHOTO[60 - y : 60 - y + height, 120 - x : 120 - x + width])


def test_flow_finds_a_shift_as_scikit_image_does() -> None:
    a, b = luma(moved(0, 0)), luma(moved(3, -2))
    found = flow(a, b)[20:-20, 20:-20]
    down, right = optical_flow_tvl1(a / 255.0, b / 255.0)
    assert abs(np.median(found[..., 0]) - 3) < 0.1
    assert abs(np.median(found[..., 1]) + 2) < 0.1
    assert abs(np.median(found[..., 0]) - np.median(right[20:-20, 20:-20])) < 0.2
    assert abs(np.median(found[..., 1]) - np.median(down[20:-20, 20:-20])) < 0.2


def test_warp_is_scikit_images_cubic_one_nearly() -> None:
    frame = moved(0, 0)
    field = np.zeros((*frame.shape[:2], 2), np.float32) + np.float32([0.5, -1.25])
    y, x = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(float)
    expected = np.stack(
        [
            skimage_warp(frame[..., c] / 255.0, np.stack([y - 1.25, x + 0.5]), order=3, mode="edge")
            for c in range(3)
        ],
        axis=2,
    )
    inner = slice(8, -8)
    gap = np.abs(warp(frame, field)[inner, inner] / 255.0 - expected[inner, inner])
    assert gap.mean() < 0.006  # a spline and Keys' kernel are not the same cubic


def test_no_motion_changes_nothing() -> None:
    frame = moved(0, 0)
    np.testing.assert_array_equal(warp(frame, flow(luma(frame), luma(frame))), frame)


def test_what_is_covered_is_not_seen() -> None:
    a, b = moved(0, 0), moved(4, 0)
    b = b.copy()
    b[40:100, 60:120] = data.chelsea()[100:160, 100:160]
    forth, back = flow(luma(a), luma(b)), flow(luma(b), luma(a))
    mask = consistent(forth, back)
    assert mask[50:90, 70:110].mean() < 0.5 < 0.9 < mask[110:150, 20:180].mean()
    assert not mask[:, -3:].any()  # it has left the frame


def test_the_cameras_motion_is_found_under_an_object() -> None:
    y, x = np.mgrid[:120, :160].astype(np.float32)
    field = np.stack([2 + 0.01 * x, -1 + 0.005 * y], axis=2)
    disturbed = field.copy()
    disturbed[30:80, 40:100] += 9
    np.testing.assert_allclose(camera_motion(disturbed), field, atol=0.05)


def in_rain(streaks: int, width: int, fall: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two frames of a scene that rests, in white streaks that fall."""
    scene = luma(moved(0, 0))
    rng = np.random.default_rng(3)
    frames = scene.copy(), scene.copy()
    for _ in range(streaks):
        y, x = rng.integers(0, 125), rng.integers(0, 198)
        for step, frame in enumerate(frames):
            frame[y + fall * step : y + fall * step + 25, x : x + width] = 255
    return frames


def test_flow_that_follows_streaks_is_put_right() -> None:
    frames = in_rain(120, 2, 10)
    found = flow(*frames)
    right = steadied(*map(Searched.of, frames), found)
    assert np.abs(right).mean() < 0.4 * np.abs(found).mean()


def test_in_dense_rain_flow_is_sought_without_its_lines() -> None:
    frames = in_rain(250, 3, 6)
    rain = [Searched.of(frame) for frame in frames]
    sought = sought_in(*rain)
    assert all(a is not b and a.dtype == np.uint8 for a, b in zip(sought, frames, strict=True))
    followed, found = (steadied(*rain, flow(*given)) for given in (frames, sought))
    assert np.abs(found).mean() < 0.3 * np.abs(followed).mean()


def test_elsewhere_flow_is_sought_in_the_frames_as_they_are() -> None:
    dry = luma(moved(0, 0)), luma(moved(3, 1))
    for frames in (dry, in_rain(30, 2, 6)):
        assert all(
            a is b for a, b in zip(sought_in(*map(Searched.of, frames)), frames, strict=True)
        )


def test_a_reduced_flow_is_enlarged_with_its_lengths() -> None:
    field = np.full((30, 41, 2), 1.5, np.float32)
    large = enlarged(field, 60, 81)
    assert large.shape == (60, 81, 2)
    np.testing.assert_allclose(large, 3.0)


def test_a_cut_is_found_and_a_fast_pan_and_rain_are_none() -> None:
    other = np.ascontiguousarray(data.chelsea()[:160, :200])
    rained = moved(8, 0).copy()
    rained[::3, ::7] = 255
    frames = [moved(0, 0), moved(8, 0), rained, moved(24, 3), other, other]
    motion = Motion()
    for number, frame in enumerate(frames):
        motion.add(number, frame)
    cuts = [motion.cut_after(a) for a, _ in pairwise(range(len(frames)))]
    assert cuts == [False, False, False, True, False]
    assert motion.shot(1, 0, 5) == range(4) and motion.shot(4, 0, 5) == range(4, 6)
