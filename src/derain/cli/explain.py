"""``derain explain``: what was taken away from a picture, and what was given back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.cli.outputs import check_free
from derain.errors import InvalidImageError, OutputConflictError
from derain.files import atomic_create, atomic_write, check_writable, real_path


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
        base, fast, or the NAME.json that derain export wrote.
    backend
        auto, onnxruntime, openvino or torch.
    strength
        How much of the change is applied and shown, from 0 (nothing) to 1 (all).
    overwrite
        Replace a sheet that is there.
    """
    import numpy as np

    from derain.cli.console import bar, say
    from derain.media import Picture, encode_picture, format_of, read_picture
    from derain.restore import Derainer
    from derain.restore.explain import explain as sheet_of
    from derain.restore.interrupt import interruptible
    from derain.restore.strength import check_strength

    strength = check_strength(strength, "--strength")
    if photo.is_dir():
        raise InvalidImageError(f"{photo}: is a folder, not a picture")
    target = out or photo.with_suffix(".explained.png")
    if real_path(target) == real_path(photo):
        raise OutputConflictError(f"{target}: is the picture itself; give another output with -o")
    if target.is_dir():
        raise OutputConflictError(f"{target}: is a folder; give the name of a file with -o")
    check_free(target, overwrite)
    kind = format_of(target).name
    check_writable(target)
    picture = interruptible(lambda: read_picture(photo))
    colour = picture.colour
    if picture.deep:
        colour = (colour >> 8).astype(np.uint8)
    colour = np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:2], 3)))
    derainer = Derainer(model, backend=backend, strength=strength)
    with bar("explaining") as progress:
        sheet = Picture(sheet_of(derainer, colour, progress), format="PNG")
    data = interruptible(lambda: encode_picture(sheet, kind, str(target)))
    if overwrite:
        atomic_write(target, data)
    elif not atomic_create(target, data):
        check_free(target, overwrite)
    say(str(target))
