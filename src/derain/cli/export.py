"""``derain export``: a finished run in, a model with its card out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from derain.cli.outputs import check_free
from derain.errors import CorruptModelError, UsageError


def export(
    run: str,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    name: str = "",
    summary: str = "",
    licence: str = "Apache-2.0 for the weights; see the terms of the training data",
    standalone: bool = False,
    precision: Literal["float32", "float16"] = "float32",
    size: str = "",
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Export a finished training run to ONNX with its card, and check the parity with torch.

    With --standalone: write a model, such as base, as one ONNX file for other programs, picture in
    and clean picture out.

    Parameters
    ----------
    run
        The run's folder; with --standalone base, fast or a model's NAME.json.
    out
        Folder that receives NAME.onnx, NAME.safetensors, NAME.json and NAME.md; with --standalone
        the file.
    name
        The model's name.
    summary
        One line for the card.
    licence
        Terms of the weights, for the card.
    standalone
        One file, RGB in [0, 1] in and out, (1, 3, H, W).
    precision
        Of a standalone file: float32 or float16.
    size
        WIDTHxHEIGHT of the only pictures that a standalone file takes, such as 1920x1080, for
        engines that want to know; without it, it takes any.
    overwrite
        Replace a model or a file that is there.
    """
    if standalone:
        if name or summary:
            raise UsageError("--name and --summary are for a run; a model has its own")
        _write_standalone(run, out, precision, size, overwrite)
        return
    for option, given in (("--precision", precision != "float32"), ("--size", size)):
        if given:
            raise UsageError(f"{option} goes with --standalone")
    if not name:
        raise UsageError("--name is missing: the name of the model that the run becomes")
    from derain.cli.console import say
    from derain.export import export_run, model_files
    from derain.zoo import check_file_name

    try:
        check_file_name(f"{name}.onnx")
    except CorruptModelError:
        raise UsageError(f"--name: '{name}' must be a name without folders") from None
    for file in model_files(name):
        check_free(out / file, overwrite)
    card = export_run(Path(run), name, out, summary, licence, print)
    if card.kind == "picture":
        say(f"use it with: derain PHOTO --model {out / name}.json")


def _write_standalone(
    model: str, out: Path, precision: Literal["float32", "float16"], size: str, overwrite: bool
) -> None:
    from derain.cli.console import say
    from derain.export.standalone import standalone
    from derain.files import atomic_write
    from derain.zoo import load_model

    if out.suffix != ".onnx" or out.is_dir():
        raise UsageError(f"{out}: --standalone needs the name of a file that ends in .onnx")
    check_free(out, overwrite)
    data = standalone(load_model(model), precision, _sides(size))
    atomic_write(out, data)
    which = f"{precision}, {size or 'any size'}"
    say(f"{out}  {len(data) / 1e6:.1f} MB, {which}: input picture, output clean")


def _sides(size: str) -> tuple[int, int] | None:
    if not size:
        return None
    if not (match := re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", size, re.ASCII)):
        raise UsageError(f"--size {size}: must be WIDTHxHEIGHT, such as 1920x1080, below 100000")
    return int(match[1]), int(match[2])
