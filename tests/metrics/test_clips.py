"""Scores of clips."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from derain.metrics import Scorer, measure_clip, worst_frame
from derain.metrics.clips import Drawing

Pixels = NDArray[np.uint8]

SCORES = ("psnr/matlab-y", "worst/matlab-y", "psnr/inner/matlab-y", "bias", "flicker",
          "flicker/truth")  # fmt: skip


def still(here: Pixels, there: Pixels) -> NDArray[np.float32]:
    return np.zeros((*here.shape[:2], 2), np.float32)


@pytest.mark.parametrize("shape", [(20, 30), (1, 30), (20, 1), (1, 1)])
def test_the_warp_is_scipys(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    plane = rng.random(shape)
    flow = rng.uniform(-2, 2, (*shape, 2)).astype(np.float32)
    drawing = Drawing(flow)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    expected = map_coordinates(plane, [y + flow[..., 1], x + flow[..., 0]], order=1, mode="nearest")
    np.testing.assert_allclose(drawing(plane), expected, atol=1e-6)
    if min(shape) > 1:
        assert 0.7 < drawing.inside.mean() < 1


def test_flicker_bias_and_worst_frame() -> None:
    rng = np.random.default_rng(0)
    truth = [rng.integers(20, 200, (24, 24, 3)).astype(np.uint8)] * 4
    restored = [frame + np.uint8(2) for frame in truth]
    restored[2] = truth[2] + np.uint8(6)
    found = measure_clip(SCORES, zip(truth, restored, truth, strict=True), still)
    curve = found.curves["psnr/matlab-y"]
    assert list(found.curves) == ["psnr/matlab-y"]
    assert worst_frame(curve) == 2
    assert found.scores["worst/matlab-y"] == min(curve) < found.scores["psnr/matlab-y"]
    assert found.scores["bias"] == 3.0
    assert found.scores["flicker/truth"] == 0
    assert "psnr/inner/matlab-y" not in found.scores  # of five frames or more
    assert (found.frames, found.width, found.height) == (4, 24, 24)
    jump = (4 * 219 / 255 / 255) ** 2  # two of three steps
    np.testing.assert_allclose(found.scores["flicker"], 1e4 * jump * 2 / 3, rtol=1e-6)


def test_one_frame_has_no_flicker_and_none_no_scores() -> None:
    frame = np.full((24, 24, 3), 90, np.uint8)
    found = Scorer(["rgb"]).score_clip([(frame, frame, frame)], still)
    assert not {"flicker", "flicker/truth", "psnr/inner/rgb"} & set(found.scores)
    assert found.scores["worst/rgb"] == 100
    with pytest.raises(ValueError, match="without frames"):
        measure_clip(SCORES, [], still)


def test_memory_does_not_grow_with_the_clip() -> None:
    """At most two frames of each kind are alive beside the one that is being made."""
    made: list[weakref.ref[Pixels]] = []
    most = 0

    def frames() -> Iterator[tuple[Pixels, Pixels, Pixels]]:
        nonlocal most
        for number in range(8):
            three = [np.full((24, 24, 3), number + k, np.uint8) for k in range(3)]
            made.extend(map(weakref.ref, three))
            most = max(most, sum(frame() is not None for frame in made))
            yield three[0], three[1], three[2]

    measure_clip(SCORES, frames(), still)
    assert most <= 9
