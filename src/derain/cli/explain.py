"""``derain explain``: what was taken away from a picture, and what was given back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.errors import OutputConflictError


def explain(
    photo: Path,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    model: Annotated[str, Parameter(name=["--model", "-m"])] = "base",
    backend: str = "auto",
    strength: float = 1.0,
    overwrite: bool = False,
) -> None:
    """Write one sheet: input, layers, clean picture, and where they differ.

    Parameters
    ----------
    photo
        The picture.
    out
        The sheet; by default PHOTO.explained.png beside it. Its ending decides the format.
    model
        base, fast, or the path of a model card.
    backend
        auto, onnxruntime, openvino or torch.
    strength
        How much of the change is applied and shown, from 0 (nothing) to 1 (all).
    overwrite
        Replace a sheet that is there.
    """
    import numpy as np

    from derain.media import Picture, read_picture, write_picture
    from derain.restore import Derainer
    from derain.restore.explain import explain as sheet_of
    from derain.restore.strength import check_strength

    strength = check_strength(strength, "--strength")
    target = out or photo.with_suffix(".explained.png")
    if target.resolve() == photo.resolve():
        raise OutputConflictError(f"{target}: is the picture itself; give another output with -o")
    if target.is_dir():
        raise OutputConflictError(f"{target}: is a folder; give the name of a file with -o")
    if target.exists() and not overwrite:
        raise OutputConflictError(f"{target}: exists already; add --overwrite or another -o")
    picture = read_picture(photo)
    colour = picture.colour
    if picture.deep:
        colour = (colour >> 8).astype(np.uint8)
    colour = np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:2], 3)))
    sheet = sheet_of(Derainer(model, backend=backend, strength=strength), colour)
    write_picture(Picture(np.asarray(sheet), format="PNG"), target)
    print(target)
