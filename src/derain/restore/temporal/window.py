"""One frame derained by those around it: a pure function over a window of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.restore.temporal.flow import luma
from derain.restore.temporal.gate import Evidence, Gate
from derain.restore.temporal.motion import Motion
from derain.restore.temporal.rest import unchanged
from derain.restore.temporal.still import Still
from derain.restore.temporal.warp import enlarged_mask, warp

Frame = NDArray[Any]

RADIUS = 3
"""Frames to either side in which things are sought."""

OLDER = 4
"""Frames before those, which join them where the camera rests."""


def derain_window(
    frames: Sequence[Frame],
    at: int,
    gate: Gate,
    still: Still | None = None,
    strength: float = 1.0,
    radius: int = RADIUS,
) -> Frame:
    """Derain one frame by those around it.

    Args:
        frames: (H, W, 3) uint8 or uint16 each, of one shape and type, in order of time.
        at: Which of them, from 0; it need not be the middle one.
        gate: Decides between the frame and what time shows.
        still: Takes over where time shows nothing; nobody does without it.
        strength: Share of the change, from 0 to 1.
        radius: Frames to either side in which things are sought; :data:`OLDER` more before them
            count where the camera rests, and others do not.

    Returns:
        As the frame, new.
    """
    numbered = dict(enumerate(frames))
    motion = Motion()
    for number, frame in numbered.items():
        motion.add(number, frame)
    return restore(numbered, at, radius, motion, gate, still, strength)


def restore(
    frames: Mapping[int, Frame],
    at: int,
    radius: int,
    motion: Motion,
    gate: Gate,
    still: Still | None,
    strength: float,
) -> Frame:
    """As :func:`derain_window`, of frames whose motion may be known already."""
    frame = frames[at]
    evidence = gather(frames, at, radius, motion)
    fused = gate(evidence)
    restored = fused.frame if still is None else still(frame, fused)
    if strength < 1:
        restored = frame + np.float32(strength) * (restored - frame)
    top = np.iinfo(frame.dtype).max
    return np.asarray(np.rint(np.clip(restored, 0, top)).astype(frame.dtype))


def gather(frames: Mapping[int, Frame], at: int, radius: int, motion: Motion) -> Evidence:
    """What the frames around the one ``at`` say of it, drawn to where it has things."""
    window = motion.shot(at, max(min(frames), at - radius), min(max(frames), at + radius))
    near = _sought(frames, at, window, motion)
    before = range(at - radius - 1, at - radius - 1 - OLDER, -1)
    older = [number for number in before if number in frames]
    resting = motion.resting(at, older) if window.start == at - radius else []
    if not resting:
        return near
    scene, size = luma(near.median), near.current.shape[:2]
    masks = [enlarged_mask(unchanged(scene, motion.luma(n)), *size) for n in resting]
    return replace(
        near,
        aligned=[*near.aligned, *(frames[n] for n in resting)],
        masks=[*near.masks, *masks],
    )


def _sought(frames: Mapping[int, Frame], at: int, window: range, motion: Motion) -> Evidence:
    """What the frames of a window say, in which flow is sought."""
    frame = frames[at]
    height, width = frame.shape[:2]
    others = sorted((n for n in window if n != at), key=lambda n: abs(n - at))
    aligned, masks = [frame], []
    for number in others:
        aligned.append(warp(frames[number], motion.flow(at, number)))
        masks.append(enlarged_mask(motion.seen(at, number), height, width))
    return Evidence(aligned, masks, sum(abs(number - at) == 1 for number in others))
