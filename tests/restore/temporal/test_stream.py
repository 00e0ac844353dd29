"""Clips through VideoDerainer."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from derain import BackendUnavailableError, InvalidImageError, UsageError, VideoDerainer
from derain.metrics import psnr
from derain.restore.temporal import Fused, LearntGate, derain_window
from derain.restore.temporal.still import Still
from derain.zoo import load_gate

PHOTO: NDArray[np.uint8] = data.astronaut()
OTHER: NDArray[np.uint8] = data.chelsea()


def view(x: int, y: int = 0, height: int = 120, width: int = 161) -> NDArray[np.uint8]:
    return np.ascontiguousarray(PHOTO[40 + y : 40 + y + height, 100 + x : 100 + x + width])


def rained(frame: NDArray[np.uint8], seed: int, count: int = 60) -> NDArray[np.uint8]:
    """With bright streaks of its own."""
    rng = np.random.default_rng(seed)
    wet = frame.copy()
    for _ in range(count):
        y, x = rng.integers(0, frame.shape[0] - 22), rng.integers(0, frame.shape[1] - 2)
        part = wet[y : y + 22, x : x + 2]
        part[...] = np.minimum(255, part + 70.0).astype(np.uint8)
    return wet


def temporal(**options: object) -> VideoDerainer:
    return VideoDerainer(fallback=False, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 8])
def test_one_frame_out_for_each_one_in(count: int) -> None:
    frames = [view(2 * i) for i in range(count)]
    assert [f.shape for f in temporal()(frames)] == [f.shape for f in frames]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(120, 161), (37, 53), (1, 1), (5, 200)])
def test_a_clip_that_rests_comes_back_to_the_bit(kind: type, size: tuple[int, int]) -> None:
    frame = view(0)[: size[0]].astype(kind) * (257 if kind is np.uint16 else 1)
    frame = np.ascontiguousarray(np.resize(frame, (*size, 3)))
    for result in temporal()([frame] * 5):
        assert result.dtype == kind
        np.testing.assert_array_equal(result, frame)


@pytest.mark.parametrize("speed", [0, 3])
def test_rain_goes_and_the_scene_stays(speed: int) -> None:
    clean = [view(speed * i) for i in range(9)]
    wet = [rained(frame, i) for i, frame in enumerate(clean)]
    results = list(temporal()(wet))
    for i in (0, 4, 8):  # the ends, too
        assert psnr(results[i], clean[i]) > psnr(wet[i], clean[i]) + 4


def test_sixteen_bits_are_derained_as_eight() -> None:
    wet = [rained(view(2 * i), i) for i in range(7)]
    deep = list(temporal()([frame.astype(np.uint16) * 257 for frame in wet]))[3]
    assert np.abs(deep / 257 - list(temporal()(wet))[3]).max() <= 2


def test_a_dry_pan_is_left_nearly_as_it_was() -> None:
    clean = [view(3 * i) for i in range(7)]
    result = list(temporal()(clean))[3]
    assert psnr(result, clean[3]) > 46
    assert abs(result.astype(float).mean() - clean[3].mean()) < 0.1


def test_nothing_is_fused_across_a_cut() -> None:
    first = [view(0)] * 4
    second = [np.ascontiguousarray(OTHER[:120, :161])] * 4
    for result, frame in zip(temporal()(first + second), first + second, strict=True):
        np.testing.assert_array_equal(result, frame)


def test_a_moving_thing_leaves_no_ghost() -> None:
    """A bright square that jumps further than any flow reaches."""
    frames = []
    for i in range(7):
        frame = view(0)
        frame[30:80, 10 + 20 * i : 30 + 20 * i] = OTHER[100:150, 100:120]
        frames.append(frame)
    result = list(temporal()(frames))[3]
    away = np.ones(result.shape[:2], bool)
    away[26:84, 66:94] = False
    # Beside it the scene is as it was: of neither the square before nor the one after is a trace.
    assert np.abs(result.astype(int) - frames[3])[away].max() <= 12  # its contrast is over 100


def test_who_starts_in_the_middle_gets_the_same_frames() -> None:
    wet = [rained(view(2 * i), i) for i in range(14)]
    derainer = temporal()
    whole = list(derainer(wet))
    start = 5
    late = list(derainer(wet[start:]))
    for i in range(start + derainer.context, len(wet)):
        np.testing.assert_array_equal(late[i - start], whole[i])
    at = 6
    window = wet[at - derainer.context : at + derainer.context + 1]
    alone = derain_window(window, derainer.context, LearntGate(load_gate()))
    np.testing.assert_array_equal(alone, whole[at])


def test_memory_is_flat_and_the_delay_is_the_context() -> None:
    asked = 0

    def reader() -> Iterator[NDArray[np.uint8]]:
        nonlocal asked
        for i in range(30):
            asked += 1
            yield view(i % 5, height=40, width=50)

    derainer = temporal(radius=2)
    held = set()
    for number, _ in enumerate(running := derainer(reader())):
        assert asked <= number + 1 + derainer.context
        state = running.gi_frame.f_locals  # type: ignore[attr-defined]
        held.add((len(state["held"]), len(state["motion"]._flows), len(state["motion"]._frames)))
    assert max(held)[0] <= 2 * derainer.context + 1
    assert max(h[1] for h in held) <= 20 and max(h[2] for h in held) <= 5


def test_a_reader_may_use_its_memory_again() -> None:
    wet = [rained(view(2 * i), i) for i in range(8)]
    buffer = np.empty_like(wet[0])

    def reader() -> Iterator[NDArray[np.uint8]]:
        for frame in wet:
            buffer[...] = frame
            yield buffer

    for a, b in zip(temporal()(reader()), temporal()(wet), strict=True):
        np.testing.assert_array_equal(a, b)


def test_strength_is_the_share_of_the_change() -> None:
    wet = [rained(view(0), i) for i in range(5)]
    whole, none = (list(temporal(strength=s)(wet))[2].astype(float) for s in (1.0, 0.0))
    half = list(temporal(strength=0.5)(wet))[2]
    np.testing.assert_array_equal(none, wet[2])
    assert np.abs(half - (whole + none) / 2).max() <= 1


def test_the_network_takes_over_where_nothing_is_seen_and_nowhere_else() -> None:
    need = np.zeros((200, 300), np.float32)
    need[70:120, 100:180] = 1
    frame = np.zeros((200, 300, 3), np.uint8)
    calls = []

    def derain(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
        calls.append(crop.shape)
        return np.full_like(crop, 200)

    result = Still(derain)(frame, Fused(frame.astype(np.float32), need))
    assert len(calls) == 1 and calls[0][0] * calls[0][1] < 200 * 300
    assert (result[85:105, 120:160] > 195).all()
    assert (result[:40] == 0).all() and (result[:, 230:] == 0).all()
    assert Still(derain)(frame, Fused(frame.astype(np.float32), 0 * need)).max() == 0
    assert len(calls) == 1


def test_frames_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidImageError, match=r"frame 0: float64"):
        list(temporal()([np.zeros((4, 4, 3))]))
    with pytest.raises(InvalidImageError, match=r"frame 0: shape \(4, 4\)"):
        list(temporal()([np.zeros((4, 4), np.uint8)]))
    with pytest.raises(InvalidImageError, match=r"frame 1: \(5, 4, 3\) uint8, not"):
        list(temporal()([np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)]))
    with pytest.raises(UsageError, match="radius must be a whole number"):
        VideoDerainer(radius=0)


def test_without_opencv_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'derain\[video\]'"):
        VideoDerainer()
