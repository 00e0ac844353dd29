"""``derain data``: the field's data sets, and what is wrong with a copy of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

app = App(name="data", help="Data sets of the field: list, show, check, index.")


@app.command(name="list")
def list_() -> None:
    """List the known data sets with their official splits."""
    from rich.console import Console
    from rich.table import Table

    from derain.data import catalogue

    table = Table(box=None, pad_edge=False)
    for column in ("name", "kind", "splits", "title"):
        table.add_column(column)
    for info in catalogue().values():
        splits = ", ".join(f"{name} {count}" for name, count in info.splits.items())
        table.add_row(info.name, info.kind, splits, info.title)
    Console(soft_wrap=True).print(table)


@app.command
def show(name: str) -> None:
    """Show what is known about a data set: source, terms, layouts, traps.

    Parameters
    ----------
    name
        Its name, or another name for it.
    """
    from derain.data import dataset_named

    info = dataset_named(name)
    print(f"{info.name}: {info.title} ({info.kind})")
    print(f"  splits   {', '.join(f'{split} {count}' for split, count in info.splits.items())}")
    if info.aliases:
        print(f"  also     {', '.join(info.aliases)}")
    for label, value in (("source", info.source), ("where", info.where), ("terms", info.terms)):
        print(f"  {label:8} {value}")
    for layout in info.layouts:
        print(f"  layout   {layout}")
    for trap in info.known:
        print(f"  beware   {trap}")


@app.command
def check(
    name: str,
    path: str,
    /,
    *,
    against: tuple[Path, ...] = (),
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Check a copy of a data set: partners, sizes, damage, alignment, duplicates, leaks.

    Parameters
    ----------
    name
        A known data set, or "any" for pairs of your own.
    path
        Its folder, as it was unpacked, or hf:OWNER/NAME.
    against
        Another split that must not show the same scenes; may be given several times.
    as_json
        JSON on standard output instead of a table.
    """
    from rich.console import Console
    from rich.table import Table

    from derain.cli.console import bar
    from derain.data import check_dataset, dataset_named, resolve_source

    expected = None if name == "any" else dataset_named(name)
    folder = resolve_source(path)
    with bar("checking") as progress:
        limits = expected.input_psnr if expected else None
        report = check_dataset(folder, limits, against, progress)
    drift = _drift(folder)
    official = set(expected.splits.values()) if expected else set()
    if as_json:
        values = {"path": str(folder), **asdict(report), "counts": report.counts(), "index": drift}
        print(json.dumps(values, indent=1))
        return 1 if report.problems or drift else 0
    psnr = "" if report.psnr is None else f", rainy pictures at {report.psnr:.2f} dB (rgb)"
    print(f"{folder}: {report.pairs} pairs ({report.layout}), {report.scenes} scenes{psnr}")
    if expected and report.pairs not in official:
        splits = ", ".join(f"{split} {count}" for split, count in expected.splits.items())
        print(f"  {report.pairs} is no official count of {expected.name} ({splits})")
    table = Table(box=None, pad_edge=False)
    for column in ("problem", "file", "what"):
        table.add_column(column, overflow="fold")
    for problem in report.problems:
        table.add_row(problem.kind, problem.file, problem.detail)
    for kind, files in drift.items():
        for file in files:
            table.add_row(kind, file, "since it was indexed")
    if table.row_count:
        Console(soft_wrap=True, markup=False).print(table)
    total = ", ".join(f"{count} {kind}" for kind, count in report.counts().items())
    print(f"problems: {total}" if total else "no problems in the pictures")
    return 1 if report.problems or drift else 0


def _drift(folder: Path) -> dict[str, list[str]]:
    """Compare with the folder's index; write one on first use."""
    from rich.console import Console

    from derain.data import compare_with_index, read_index, write_index
    from derain.errors import PermissionDeniedError

    if not folder.is_dir():
        return {}
    index = read_index(folder)
    if index is None:
        try:
            write_index(folder)
        except PermissionDeniedError as error:
            Console(stderr=True, soft_wrap=True).print(f"derain: no index written: {error}")
        return {}
    return {k: v for k, v in asdict(compare_with_index(folder, index)).items() if v}


@app.command
def index(path: str, /) -> int:
    """Write the sha256 of every picture to PATH/derain-index.json, or compare with it.

    Parameters
    ----------
    path
        A folder of pictures, or hf:OWNER/NAME.
    """
    from derain.data import INDEX, compare_with_index, read_index, resolve_source, write_index

    folder = resolve_source(path)
    known = read_index(folder)
    if known is None:
        print(f"{folder / INDEX}: {len(write_index(folder))} pictures")
        return 0
    drift = compare_with_index(folder, known)
    for kind, files in asdict(drift).items():
        for file in files:
            print(f"{kind}: {folder / file}")
    differs = f"differs from its index; if that is meant, delete {INDEX} and run this again"
    print(f"{folder}: {differs if drift else f'as indexed, {len(known)} pictures'}")
    return 1 if drift else 0


@app.command(name="fit-niqe")
def fit_niqe(
    folders: tuple[Path, ...],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Fit NIQE's model of clean photographs to your own.

    Parameters
    ----------
    folders
        Folders of clean photographs.
    out
        Where the fitted file goes (safetensors).
    overwrite
        Replace a file that exists.
    """
    from derain.cli.console import bar
    from derain.cli.outputs import check_free
    from derain.data import list_images, read_rgb
    from derain.files import check_writable
    from derain.metrics import fit_pristine
    from derain.metrics.niqe import BLOCK

    check_free(out, overwrite)
    check_writable(out)
    found = {folder: list_images(folder) for folder in folders}
    files = [path for paths in found.values() for path in paths]
    with bar("fitting") as progress:

        def pictures() -> Iterator[NDArray[np.uint8]]:
            for done, path in enumerate(files, 1):
                image = read_rgb(path)
                if min(image.shape[:2]) >= 2 * BLOCK:
                    yield image
                progress(done, len(files))

        named = ", ".join(f"{f.name} ({len(paths)})" for f, paths in found.items())
        model = fit_pristine(pictures(), f"sharp 96x96 blocks of the photographs of {named}")
    model.save(out)
    print(f"{out}: {model.origin}")
