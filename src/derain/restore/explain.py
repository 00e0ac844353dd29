"""A picture taken apart, on one sheet: people judge a derainer by what it took away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derain.media.sheet import contact_sheet
from derain.restore.derainer import Derainer
from derain.restore.engine import Progress
from derain.restore.strength import FULL

Pixels = NDArray[np.uint8]

PANEL = 1280
_GAIN = 3.0


def explain(derainer: Derainer, image: Pixels, progress: Progress | None = None) -> Pixels:
    """Input, rain, coarse, detail, clean, and where they differ, in two rows.

    Signed layers stand on middle grey: brighter was added to the picture by rain (or is given back
    by the detail branch), darker the opposite. The last panel is three times the change: red where
    the rain branch changed the picture, green where the detail branch changed it back or further.
    A model without a detail branch has neither coarse nor detail panel. Layers are as they were
    applied, so a derainer of less than full strength shows less of them.

    Args:
        derainer: What takes it apart.
        image: (H, W, 3) uint8.
        progress: Told (finished pixels, all pixels) after every tile.

    Returns:
        The sheet, (H, W, 3) uint8; panels are shrunk to 1280 pixels, the change is computed before
        that.
    """
    separation = derainer.separate(image, progress=progress)
    removed, returned = (np.abs(x).mean(axis=2) for x in (separation.rain, separation.detail))
    where = np.stack([removed, returned, np.zeros_like(removed)], axis=2) * _GAIN
    at = "" if derainer.strength == FULL else f", strength {derainer.strength:g}"
    panels = {"input": image, "rain R (on grey)": _bytes(0.5 + separation.rain)}
    if derainer.model.card.network.get("detail_blocks"):
        coarse = image.astype(np.float32) / 255 - separation.rain
        panels |= {
            "coarse O - R": _bytes(coarse),
            "detail D (on grey)": _bytes(0.5 + separation.detail),
            f"clean O - R + D{at}": separation.clean,
            "change x3: red R, green D": _bytes(where),
        }
    else:
        panels |= {f"clean O - R{at}": separation.clean, "change x3": _bytes(where)}
    return contact_sheet(list(panels.items()), len(panels) // 2, PANEL)


def _bytes(unit: NDArray[np.floating[Any]]) -> Pixels:
    clipped: Pixels = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return clipped
