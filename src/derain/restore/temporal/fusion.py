"""What a place looks like in most frames: ranks over a few aligned frames, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[Any]
Mask = NDArray[np.bool_]

_ROWS = 64  # at a time, so that they stay in the processor's cache


def ranked(frames: Sequence[Frame], ranks: Sequence[int]) -> list[Frame]:
    """The values of these ranks over the frames, 0 for the lowest, each pixel on its own.

    By a sorting network of minima and maxima, of which only what the ranks need is computed.

    Args:
        frames: Of one shape and type.
        ranks: From 0 to one less than the number of frames.
    """
    steps = _steps(len(frames), tuple(ranks))
    results = [np.empty_like(frames[0]) for _ in ranks]
    for top in range(0, frames[0].shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        lanes = [np.ascontiguousarray(frame[rows]) for frame in frames]
        for low, high, keeps_low, keeps_high in steps:
            a, b = lanes[low], lanes[high]
            if keeps_low:
                lanes[low] = np.minimum(a, b)
            if keeps_high:
                lanes[high] = np.maximum(a, b)
        for result, rank in zip(results, ranks, strict=True):
            result[rows] = lanes[rank]
    return results


def median(frames: Sequence[Frame], masks: Sequence[Mask]) -> Frame:
    """The median of what is valid; of an even number the lower one, since rain brightens.

    A frame that is not valid somewhere gives no vote there: in turn it stands for the lowest and
    for the highest value, which moves no median.

    Args:
        frames: (H, W, 3) uint8 or uint16 each; the first is valid everywhere.
        masks: (H, W) of all but the first: where they are valid.
    """
    top = np.iinfo(frames[0].dtype).max
    # Whether the next vote to be lost is a high one. The first one is low where that leaves an even
    # number, of which the lower middle is wanted, and high where it leaves an odd one.
    high = np.full(frames[0].shape[:2], len(frames) % 2 == 0)
    votes: list[Frame] = [frames[0]]
    for frame, mask in zip(frames[1:], masks, strict=True):
        lost = ~mask
        if lost.any():
            frame = frame.copy()
            frame[lost] = (high[lost] * frames[0].dtype.type(top))[:, None]
            high ^= lost
        votes.append(frame)
    return ranked(votes, [(len(votes) - 1) // 2])[0]


def extremes(frames: Sequence[Frame], masks: Sequence[Mask]) -> tuple[Frame, Frame]:
    """A low and a high value of what is valid: the second lowest and the second highest of many.

    The current frame, the first, votes for those that are not valid.
    """
    votes = [frames[0]]
    for frame, mask in zip(frames[1:], masks, strict=True):
        votes.append(frame if mask.all() else np.where(mask[..., None], frame, frames[0]))
    spare = int(len(votes) > 4)
    low, high = ranked(votes, [spare, len(votes) - 1 - spare])
    return low, high


@lru_cache(maxsize=64)
def _steps(count: int, ranks: tuple[int, ...]) -> tuple[tuple[int, int, bool, bool], ...]:
    """Comparators (low lane, high lane, low wanted, high wanted) of Batcher's odd-even merge sort.

    Those that no wanted rank hangs on are left out (Knuth, volume 3, section 5.3.4).
    """
    pairs: list[tuple[int, int]] = []
    p = 1
    while p < count:
        k = p
        while k >= 1:
            for j in range(k % p, count - k, 2 * k):
                for i in range(min(k, count - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    wanted = set(ranks)
    steps = []
    for low, high in reversed(pairs):
        if low in wanted or high in wanted:
            steps.append((low, high, low in wanted, high in wanted))
            wanted |= {low, high}
    return tuple(reversed(steps))
