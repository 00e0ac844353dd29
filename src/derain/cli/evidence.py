"""``derain evidence``: made clips as the gate of clips sees them, for its training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.cli.options import Whole


def evidence(
    out: Path,
    /,
    *photos: Path,
    model: str = "base",
    clips: Whole = 500,
    side: Whole = 160,
    held: float = 0.06,
    seed: Whole = 0,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Make clips from photographs and keep, in one file, what a gate is trained on.

    Parameters
    ----------
    out
        The file.
    photos
        Folders of clean photographs.
    model
        The single-picture model that steps in where time is not enough.
    clips
        How many clips are made; each takes some seconds.
    side
        Of the crops that are kept, in pixels.
    held
        Share of clips that is held out for validation.
    seed
        Fixes what is made.
    overwrite
        Replace a file that exists.
    """
    from derain.cli.outputs import check_free
    from derain.errors import UsageError
    from derain.files import check_writable
    from derain.restore import Derainer
    from derain.training.evidence import make_evidence

    if not photos:
        raise UsageError("name at least one folder of clean photographs")
    if not 0 < held < 1:
        raise UsageError(f"--held must be above 0 and below 1, not {held:g}")
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, not {seed}")
    check_free(out, overwrite)
    check_writable(out)
    count = make_evidence(
        out, photos, clips, side, held, Derainer(model).without_turning(), seed, print
    )
    print(f"{count} crops in {out}")
    return 0
