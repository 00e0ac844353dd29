"""What the page's tests compare with is what Python does today."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from derain.restore.tiles import cuts, fitting_window, ramp

CASES = Path(__file__).parents[2] / "web" / "test" / "tiles.json"

CUTS = [
    (size, window, halo, multiple)
    for size in (1, 31, 32, 449, 450, 451, 1000, 3000, 4032)
    for window, halo, multiple in ((448, 128, 32), (1787, 128, 32), (300, 128, 32), (64, 0, 8))
]
WINDOWS = [
    (height, width, pixels, 128, 32)
    for height, width in ((1, 1), (300, 451), (3000, 4000), (4000, 6000), (100, 20000), (5000, 33))
    for pixels in (1000, 199_728, 798_915, 3_195_660)
]
RAMPS = [(0, 64, 200, 16), (64, 128, 200, 16), (128, 200, 200, 16), (0, 9, 9, 16), (8, 16, 20, 4)]


def _told(function: Callable[..., Any], arguments: list[tuple[int, ...]]) -> list[dict[str, Any]]:
    return [{"arguments": list(a), "result": [float(x) for x in function(*a)]} for a in arguments]


def test_cases_are_of_today() -> None:
    """DERAIN_WRITE_CASES=1 writes them."""
    told = {
        "cuts": _told(cuts, CUTS),
        "fitting_window": _told(fitting_window, WINDOWS),
        "ramp": _told(ramp, RAMPS),
    }
    if "DERAIN_WRITE_CASES" in os.environ:
        CASES.write_text(json.dumps(told) + "\n")
    assert json.loads(CASES.read_text()) == told
