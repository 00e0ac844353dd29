"""What the page's tests of further looks compare with is what Python does today."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from derain.restore.scales import enlarged, looked_at, reduce, reductions, sure

CASES = Path(__file__).parents[2] / "web" / "test" / "scales.json"
SIZES = [(639, 2000), (640, 640), (1279, 1281), (1280, 1280), (6000, 4001)]


def _cases() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (11, 15, 3), np.uint8)
    rain = rng.normal(0, 5 / 255, (3, 9, 14)).astype(np.float32)
    rain[:, 2:4, 5] += 0.1
    small = rng.normal(0, 0.1, (3, 4, 5)).astype(np.float32)
    return {
        "reductions": [[h, w, list(reductions(h, w)), looked_at(h, w)] for h, w in SIZES],
        "picture": picture.tolist(),
        "reduced": {str(f): reduce(picture, f).ravel().tolist() for f in (2, 4)},
        "rain": rain.tolist(),
        "sure": sure(rain.copy()).ravel().tolist(),
        "small": small.tolist(),
        "enlarged": [
            [f, top, bottom, width, enlarged(small, f, top, bottom, width).ravel().tolist()]
            for f, top, bottom, width in ((2, 0, 7, 9), (2, 3, 6, 10), (4, 0, 16, 18))
        ],
    }


def test_cases_are_of_today() -> None:
    """DERAIN_WRITE_CASES=1 writes them."""
    told = json.loads(json.dumps(_cases()))
    if "DERAIN_WRITE_CASES" in os.environ:
        CASES.write_text(json.dumps(told) + "\n")
    kept = json.loads(CASES.read_text())
    assert kept.keys() == told.keys()
    assert _numbers(kept) == pytest.approx(_numbers(told), abs=1e-6)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    return (
        [float(value)]
        if isinstance(value, int | float)
        else [n for v in value for n in _numbers(v)]
    )
