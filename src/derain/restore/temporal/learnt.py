"""The gate that was trained: a small network over what the frames around a frame show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.restore.backends.onnxruntime import open_session
from derain.restore.temporal.gate import Evidence, Fused, Plane
from derain.zoo import Model

_BAND = 512  # rows at a time, so that memory does not grow with the frame


def candidates(evidence: Evidence) -> tuple[NDArray[Any], ...]:
    """What a learnt gate weighs, in its order: the frame, the median of it and its neighbours, that
    of all frames, their low value. Each (H, W, 3)."""
    low, _ = evidence.extremes
    return evidence.current, evidence.near, evidence.median, low


def planes(evidence: Evidence) -> Plane:
    """What a learnt gate reads: its candidates, the frames' high value, how many see the place.

    Shape:
        -> (16, H, W) float32 in [0, 1].
    """
    top = np.float32(np.iinfo(evidence.current.dtype).max)
    _, high = evidence.extremes
    stacked = np.concatenate([*candidates(evidence), high], axis=2).astype(np.float32) / top
    return np.concatenate([stacked, evidence.seen[..., None]], axis=2).transpose(2, 0, 1)


class LearntGate:
    """Weighs the candidates pixel by pixel, and says where the single-picture network is needed.

    Args:
        model: The gate, of :func:`derain.zoo.load_gate`.

    Raises:
        CorruptModelError: It does not load.
    """

    def __init__(self, model: Model) -> None:
        self.model, self._session = model, open_session(model)

    def __repr__(self) -> str:
        card = self.model.card
        return f"LearntGate({card.name}, {card.sha256[card.onnx]})"

    def __call__(self, evidence: Evidence) -> Fused:
        height, width = evidence.current.shape[:2]
        multiple, halo = self.model.card.size_multiple, self.model.card.halo
        seen = planes(evidence)
        short = [(0, 0), (0, -height % multiple), (0, -width % multiple)]
        if any(after for _, after in short):
            seen = np.pad(seen, short, mode="edge")
        frame = np.empty((height, width, 3), np.float32)
        need = np.empty((height, width), np.float32)
        for top in range(0, height, _BAND):
            bottom = min(height, top + _BAND)
            first, last = max(0, top - halo), min(seen.shape[1], bottom + halo)
            last += (first - last) % multiple
            band = np.ascontiguousarray(seen[None, :, first:last])
            weights, share = self._session.run(["weights", "need"], {"evidence": band})
            inner = slice(top - first, bottom - first)
            need[top:bottom] = share[0, 0, inner, :width]
            rows = slice(top, bottom)
            total = np.zeros((bottom - top, width, 3), np.float32)
            for weight, candidate in zip(weights[0], candidates(evidence), strict=True):
                total += weight[inner, :width, None] * candidate[rows]
            frame[rows] = total
        return Fused(frame, need)
