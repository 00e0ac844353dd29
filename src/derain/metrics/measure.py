"""Some numbers of one restored picture, or of one clip frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from derain.metrics.metric import Sample
from derain.metrics.protocols import Pixels
from derain.metrics.registry import metric_of

Flow = NDArray[np.float32]
Motion = Callable[[Pixels, Pixels], Flow]
"""(frame, the one before), (H, W, 3) uint8 -> where each pixel is seen before, (H, W, 2)."""


@dataclass(frozen=True)
class ClipScores:
    """What was measured of a clip.

    Attributes:
        scores: Score -> value of the whole clip.
        curves: Score -> value of each frame, of metrics that keep theirs.
        frames, width, height: The clip's size.
    """

    scores: dict[str, float]
    curves: dict[str, tuple[float, ...]]
    frames: int
    width: int
    height: int


def measure(
    scores: Iterable[str], rainy: Pixels, restored: Pixels, clean: Pixels | None
) -> dict[str, float]:
    """Some scores of one restored picture.

    Args:
        scores: Such as ``psnr/rgb``, ``niqe``.
        rainy, restored, clean: (H, W, 3) uint8; ``clean`` None without ground truth.

    Returns:
        Score -> value, in order, without those that this picture cannot have.

    Raises:
        KeyError: No metric has such a score.
    """
    scores = list(scores)
    protocols = dict.fromkeys(map(_protocol, scores))
    return _values(scores, {name: Sample(rainy, restored, clean, name) for name in protocols})


def measure_clip(
    scores: Sequence[str], frames: Iterable[tuple[Pixels, Pixels, Pixels]], motion: Motion
) -> ClipScores:
    """Some scores of one clip. Two frames are held, and one number for each score and frame.

    Args:
        scores: Such as ``psnr/rgb``, ``flicker``.
        frames: Rainy, restored and true frame, (H, W, 3) uint8 each, in order of time.
        motion: Finds where things were in the frame before.

    Raises:
        KeyError: No metric has such a score.
        ValueError: Frames that cannot be compared, or none at all.
    """
    protocols = dict.fromkeys(map(_protocol, scores))
    found: dict[str, list[float]] = {name: [] for name in scores}
    before: dict[str, Sample] = {}
    count, height, width = 0, 0, 0
    for rainy, restored, truth in frames:
        flow = motion(truth, next(iter(before.values())).truth) if before else None
        here = {
            name: Sample(rainy, restored, truth, name, before.get(name), flow) for name in protocols
        }
        for name, value in _values(scores, here).items():
            found[name].append(value)
        # Each frame lets go of the one before, or all would be held.
        before = {name: replace(sample, before=None, flow=None) for name, sample in here.items()}
        count, (height, width) = count + 1, truth.shape[:2]
    if not count:
        raise ValueError("a clip without frames")
    whole = {name: metric_of(name).over_frames(values) for name, values in found.items()}
    return ClipScores(
        {name: value for name, value in whole.items() if value is not None},
        {name: tuple(values) for name, values in found.items() if metric_of(name).curve},
        count, width, height,
    )  # fmt: skip


def _protocol(score: str) -> str:
    """Under which protocol a score is; others are asked under one that they do not look at."""
    return score.rpartition("/")[2] if metric_of(score).under_protocols else "matlab-y"


def _values(scores: Iterable[str], samples: dict[str, Sample]) -> dict[str, float]:
    values = {}
    for name in scores:
        metric, sample = metric_of(name), samples[_protocol(name)]
        if metric.needs_truth and sample.clean is None:
            continue
        value = metric.compute(sample)
        if value is not None:
            values[name] = value
    return values
