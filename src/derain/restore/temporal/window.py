"""One frame derained by those around it: a pure function over a window of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.restore.temporal.gate import Evidence, Gate
from derain.restore.temporal.motion import Motion
from derain.restore.temporal.still import Still
from derain.restore.temporal.warp import enlarged_mask, warp

Frame = NDArray[Any]


def derain_window(
    frames: Sequence[Frame], at: int, gate: Gate, still: Still | None = None, strength: float = 1.0
) -> Frame:
    """Derain one frame by those around it.

    Args:
        frames: (H, W, 3) uint8 or uint16 each, of one shape and type, in order of time.
        at: Which of them, from 0; it need not be the middle one.
        gate: Decides between the frame and what time shows.
        still: Takes over where time shows nothing; nobody does without it.
        strength: Share of the change, from 0 to 1.

    Returns:
        As the frame, new.
    """
    numbered = dict(enumerate(frames))
    motion = Motion()
    for number, frame in numbered.items():
        motion.add(number, frame)
    return restore(numbered, at, motion.shot(at, 0, len(frames) - 1), motion, gate, still, strength)


def restore(
    frames: Mapping[int, Frame],
    at: int,
    window: range,
    motion: Motion,
    gate: Gate,
    still: Still | None,
    strength: float,
) -> Frame:
    """As :func:`derain_window`, of frames whose motion may be known already."""
    frame = frames[at]
    evidence = gather(frames, at, window, motion)
    fused = gate(evidence)
    restored = fused.frame if still is None else still(frame, fused)
    if strength < 1:
        restored = frame + np.float32(strength) * (restored - frame)
    top = np.iinfo(frame.dtype).max
    return np.asarray(np.rint(np.clip(restored, 0, top)).astype(frame.dtype))


def gather(frames: Mapping[int, Frame], at: int, window: range, motion: Motion) -> Evidence:
    """What the frames of a window say of the one ``at``, drawn to where it has things."""
    frame = frames[at]
    height, width = frame.shape[:2]
    others = sorted((n for n in window if n != at), key=lambda n: abs(n - at))
    aligned, masks = [frame], []
    for number in others:
        aligned.append(warp(frames[number], motion.flow(at, number)))
        masks.append(enlarged_mask(motion.seen(at, number), height, width))
    return Evidence(aligned, masks, sum(abs(number - at) == 1 for number in others))
