"""Scores of clips."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from derain.metrics.clips import _drawn, score_clip, warping_error


def test_the_warp_is_scipys() -> None:
    rng = np.random.default_rng(0)
    plane = rng.random((20, 30))
    flow = rng.uniform(-2, 2, (20, 30, 2)).astype(np.float32)
    drawn, inside = _drawn(plane, flow)
    y, x = np.mgrid[:20, :30].astype(float)
    expected = map_coordinates(plane, [y + flow[..., 1], x + flow[..., 0]], order=1, mode="nearest")
    np.testing.assert_allclose(drawn, expected, atol=1e-6)
    assert 0.7 < inside.mean() < 1


def test_flicker_bias_and_worst_frame() -> None:
    rng = np.random.default_rng(0)
    truth = [rng.integers(20, 200, (24, 24, 3)).astype(np.uint8)] * 4
    flows = [np.zeros((24, 24, 2), np.float32)] * 3
    restored = [frame + np.uint8(2) for frame in truth]
    restored[2] = truth[2] + np.uint8(6)
    score = score_clip(restored, truth, flows)
    assert score.worst_frame == 2 and score.worst < score.psnr
    assert score.bias == 3.0
    assert score.flicker_truth == 0
    jump = (4 * 219 / 255 / 255) ** 2  # two of three steps
    np.testing.assert_allclose(warping_error(restored, truth, flows), jump * 2 / 3, rtol=1e-6)
