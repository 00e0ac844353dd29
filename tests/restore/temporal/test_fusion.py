"""Ranks over frames, against NumPy's own sort and median."""

from __future__ import annotations

import numpy as np
import pytest

from derain.restore.temporal.fusion import extremes, median, ranked


@pytest.mark.parametrize("count", range(1, 14))
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_rank_is_that_of_a_sort(count: int, kind: type) -> None:
    rng = np.random.default_rng(count)
    frames = [
        rng.integers(0, np.iinfo(kind).max + 1, (70, 9, 3)).astype(kind) for _ in range(count)
    ]
    expected = np.sort(np.stack(frames), axis=0)
    for rank, got in enumerate(ranked(frames, range(count))):
        assert got.dtype == kind
        np.testing.assert_array_equal(got, expected[rank])
    np.testing.assert_array_equal(ranked(frames, [count // 2])[0], expected[count // 2])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_the_median_is_that_of_the_valid_frames(count: int) -> None:
    rng = np.random.default_rng(count)
    frames = [rng.integers(0, 256, (40, 30, 3)).astype(np.uint8) for _ in range(count)]
    masks = [rng.random((40, 30)) < 0.6 for _ in range(count - 1)]
    stack = np.stack(frames).astype(float)
    for frame, mask in zip(stack[1:], masks, strict=True):
        frame[~mask] = np.nan
    expected = np.nanquantile(stack, 0.5, axis=0, method="lower")
    np.testing.assert_array_equal(median(frames, masks), expected)


def test_extremes_lie_around_the_median() -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (20, 30, 3)).astype(np.uint8) for _ in range(7)]
    masks = [np.ones((20, 30), bool)] * 6
    low, high = extremes(frames, masks)
    expected = np.sort(np.stack(frames), axis=0)
    np.testing.assert_array_equal(low, expected[1])
    np.testing.assert_array_equal(high, expected[5])
