"""``derain bank``: rain layers drawn once, for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.cli.options import Whole


def bank(
    out: Path,
    /,
    *,
    preset: str = "every",
    streaks: Path | None = None,
    film: tuple[Path, ...] = (),
    layers: Whole = 100,
    side: Whole = 384,
    seed: Whole = 0,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Draw the rain layers of a preset into one file, from which training crops them.

    Parameters
    ----------
    out
        The file.
    preset
        every, wide, broad, ... (see "derain synthesize").
    streaks
        Folder of rendered streak layers, grey on black.
    film
        A rainy clip with a camera that rests, or its folder of frames; may be given several times.
    layers
        Layers of each style.
    side
        Their side in pixels; patches must be smaller.
    seed
        Fixes what is drawn.
    overwrite
        Replace a file that exists.
    """
    from derain.rain.folder import bank_of_folders

    count = bank_of_folders(out, preset, streaks, film, layers, side, seed, overwrite, print)
    print(f"{count} layers in {out}")
    return 0
