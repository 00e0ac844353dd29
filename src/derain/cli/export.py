"""``derain export``: a finished run in, a model with its card out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.errors import CorruptModelError, UsageError


def export(
    run: Path,
    /,
    *,
    name: str,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    summary: str = "",
    licence: str = "Apache-2.0 for the weights; see the terms of the training data",
) -> None:
    """Export a finished training run to ONNX with its card, and check the parity with torch.

    Parameters
    ----------
    run
        The run's folder.
    name
        The model's name.
    out
        Folder that receives NAME.onnx, NAME.safetensors, NAME.json and NAME.md.
    summary
        One line for the card.
    licence
        Terms of the weights, for the card.
    """
    from derain.cli.console import say
    from derain.export import export_run
    from derain.zoo import check_file_name

    try:
        check_file_name(f"{name}.onnx")
    except CorruptModelError:
        raise UsageError(f"--name: '{name}' must be a name without folders") from None
    card = export_run(run, name, out, summary, licence, print)
    if card.kind == "picture":
        say(f"use it with: derain PHOTO --model {out / name}.json")
