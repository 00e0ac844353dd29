"""A camera that rests, and what older frames show of its scene."""

from __future__ import annotations

import numpy as np
import pytest

from derain.restore.temporal import MedianGate, derain_window
from derain.restore.temporal.flow import luma
from derain.restore.temporal.rest import rests, unchanged
from tests.restore.temporal.test_stream import OTHER, rained, temporal, view


@pytest.mark.parametrize("streaks", [0, 60, 400])
def test_rain_hides_no_rest(streaks: int) -> None:
    first, second = (luma(rained(view(0), seed, streaks)) for seed in (1, 2))
    assert rests(first, second)


@pytest.mark.parametrize("other", [view(1), view(0, 1), view(7, 3), OTHER[:120, :161]])
def test_a_camera_that_moved_does_not_rest(other: np.ndarray) -> None:
    for streaks in (0, 60):
        frames = [luma(rained(np.ascontiguousarray(f), i, streaks))
                  for i, f in enumerate((view(0), other))]  # fmt: skip
        assert not rests(*frames)


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (33, 32)])
def test_small_frames(size: tuple[int, int]) -> None:
    frame = luma(np.full((*size, 3), 90, np.uint8))
    assert isinstance(rests(frame, frame), bool)
    assert unchanged(frame, frame).all()


def test_what_was_there_before_is_no_part_of_the_scene() -> None:
    before = view(0)
    before[40:80, 50:90] = OTHER[100:140, 100:140]
    alike = unchanged(luma(view(0)), luma(rained(before, 3, count=15)))
    assert not alike[48:72, 58:82].any()
    alike[28:92, 38:102] = True
    assert alike.mean() > 0.98


def wet_patch() -> list[np.ndarray]:
    """Eleven frames of a resting camera; the last five of the seven around the one before the last
    three have the same wet square, which is majority there, and none of all."""
    frames = [view(0) for _ in range(11)]
    for number in range(6, 11):
        place = frames[number][60:64, 70:74]
        place[...] = np.minimum(255, place + 80.0).astype(np.uint8)
    return frames


def test_older_frames_outvote_rain_that_most_of_the_near_ones_have() -> None:
    frames = wet_patch()
    near = derain_window(frames[4:], 3, MedianGate())
    assert (near[60:64, 70:74] != view(0)[60:64, 70:74]).any()
    np.testing.assert_array_equal(derain_window(frames, 7, MedianGate()), view(0))
    np.testing.assert_array_equal(list(temporal(gate=MedianGate())(frames))[7], view(0))


def test_of_a_moving_camera_no_older_frame_is_taken() -> None:
    frames = [view(3 * i) for i in range(11)]
    whole = derain_window(frames, 7, MedianGate())
    np.testing.assert_array_equal(whole, derain_window(frames[4:], 3, MedianGate()))


def test_nor_one_from_before_a_cut() -> None:
    other = np.ascontiguousarray(OTHER[:120, :161])
    frames = [other] * 5 + [view(0)] * 6
    result = derain_window(frames, 7, MedianGate())
    np.testing.assert_array_equal(result, view(0))


def test_who_left_the_scene_leaves_no_ghost() -> None:
    """Dark and there in all older frames, gone in the near ones: rain brightens, and so does the
    wall that comes back, but the frames since show the wall."""
    frames = [view(0) for _ in range(11)]
    for number in range(4):
        frames[number][30:90, 60:100] = 5
    np.testing.assert_array_equal(derain_window(frames, 7, MedianGate()), view(0))
