"""``derain PATH...``: pictures in, dry pictures out."""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from derain.cli.exit_codes import PARTIAL, exit_code
from derain.errors import (
    DerainError,
    InternalError,
    OutOfMemoryError,
    OutputConflictError,
    UsageError,
)
from derain.files import atomic_write, explain_os_error

if TYPE_CHECKING:
    from derain.cli.console import Reporter
    from derain.cli.jobs import Job
    from derain.media import Picture
    from derain.restore import Derainer


def restore(
    *paths: str,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    model: Annotated[str, Parameter(name=["--model", "-m"])] = "base",
    backend: str = "auto",
    device: str = "auto",
    strength: float = 1.0,
    recursive: Annotated[bool, Parameter(name=["--recursive", "-r"], negative=())] = False,
    save_rain: Annotated[bool, Parameter(negative=())] = False,
    compare: Annotated[bool, Parameter(negative=())] = False,
    skip_existing: Annotated[bool, Parameter(negative=())] = False,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    memory: int | None = None,
    tile: int = 0,
    threads: int = 0,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False,
) -> int:
    """Remove the rain from pictures.

    A picture goes to NAME.derained.EXT beside it, a folder to FOLDER-derained.

    Parameters
    ----------
    paths
        Pictures, folders, globs, or - for standard input to standard output.
    out
        A folder, or a file for a single picture.
    model
        base (best), fast, or the path of a model card of your own; see derain models.
    backend
        auto, onnxruntime, openvino or torch.
    device
        auto, cpu, cuda, cuda:N or mps.
    strength
        How much of the change is applied, from 0 (the picture as it is) to 1 (all).
    recursive
        Folders with all folders in them; the tree is kept.
    save_rain
        Write what was taken away too, as NAME.rain.png.
    compare
        Write before and after side by side too, as NAME.compare.EXT.
    skip_existing
        Make only results that do not exist yet, whatever settings the others were made with.
    overwrite
        Replace results that exist.
    memory
        Megabytes the network may take; by default a quarter of what is free, at most 1024.
    tile
        Side of a tile in pixels; by default as large as memory allows.
    threads
        Threads of the processor, 0 for all.
    json
        One JSON object for each picture on standard output.
    quiet
        Show nothing but errors.
    """
    from derain.cli.console import Reporter
    from derain.cli.inputs import STREAM
    from derain.cli.jobs import plan_jobs
    from derain.restore.strength import check_strength

    strength = check_strength(strength, "--strength")
    if skip_existing and overwrite:
        raise UsageError("--skip-existing and --overwrite exclude each other")
    if not paths:
        raise UsageError("nothing to do: name a picture or a folder (see derain --help)")
    if memory is not None and memory < 1:
        raise UsageError(f"--memory must be at least 1, not {memory}")
    plan = plan_jobs(paths, out, recursive, save_rain, compare)
    jobs, errors = plan.jobs, plan.errors
    if json and any(job.target == STREAM for job in jobs):
        raise UsageError("--json and a picture cannot both go to standard output; add -o FILE")
    if (save_rain or compare) and any(job.target == STREAM for job in jobs):
        raise UsageError("--save-rain and --compare need a file to stand beside; add -o FILE")
    reporter = Reporter(len(jobs), quiet, json)
    for note in plan.notes:
        reporter.line(note)
    for error in errors:
        reporter.record({"status": "failed", "error": str(error)})
        reporter.warn(str(error))
    if not jobs:
        return exit_code(errors[0]) if len(errors) == 1 else PARTIAL
    from derain.restore import Derainer

    derainer = Derainer(
        model,
        backend=backend,
        device=device,
        memory=None if memory is None else memory << 20,
        tile=tile,
        threads=threads,
        strength=strength,
    )
    several = len(jobs) + len(errors) > 1
    done = skipped = 0
    with reporter:
        for job in jobs:
            started = time.monotonic()
            record: dict[str, object] = {"input": str(job.source), "output": str(job.target)}
            pixels = 0
            try:
                outputs = _wanted(job, skip_existing, overwrite)
                if not outputs and job.target != STREAM:
                    skipped += 1
                    reporter.record({**record, "status": "skipped"})
                else:
                    width, height = _one(derainer, job, outputs, reporter)
                    pixels, seconds = width * height, time.monotonic() - started
                    done += 1
                    reporter.record(
                        {**record, "status": "done", "width": width, "height": height,
                         "model": derainer.model.card.name, "backend": derainer.backend,
                         "strength": strength, "seconds": round(seconds, 3)}
                    )  # fmt: skip
                    if job.target != STREAM:
                        reporter.line(f"{job.target}  {width}x{height} in {seconds:.1f} s")
            except Exception as caught:  # noqa: BLE001 - one picture never stops the others
                error = _explain(caught, job)
                reporter.record({**record, "status": "failed", "error": str(error)})
                errors.append(error)
                reporter.warn(str(error))
            reporter.finished(pixels)
    if several and not quiet and not json:
        told = f"{done} done, {skipped} skipped, {len(errors)} failed"
        print(told, file=sys.stderr)
    if not errors:
        return 0
    return PARTIAL if several else exit_code(errors[0])


def _explain(error: Exception, job: Job) -> DerainError:
    if isinstance(error, DerainError):
        return error
    if isinstance(error, OSError):
        return explain_os_error(error, job.source)
    if isinstance(error, MemoryError):
        return OutOfMemoryError(f"{job.source}: out of memory; close other programs")
    if os.environ.get("DERAIN_DEBUG"):
        traceback.print_exception(error)
    return InternalError(f"{job.source}: internal error: {error!r}; report it, please")


def _wanted(job: Job, skip_existing: bool, overwrite: bool) -> list[Path]:
    """The files of a job that are to be written.

    The clean picture is written last: where it is missing, so is all the rest.
    """
    there = [output for output in job.outputs if output.exists()]
    if skip_existing and job.target.exists():
        return [output for output in job.outputs if output not in there]
    if there and not (overwrite or skip_existing):
        raise OutputConflictError(
            f"{there[0]}: exists already; add --overwrite, --skip-existing or another -o"
        )
    return job.outputs


def _one(derainer: Derainer, job: Job, outputs: list[Path], reporter: Reporter) -> tuple[int, int]:
    """Derain one picture and write ``outputs`` of its job; gives its width and height.

    All files are encoded before the first is written, and the clean picture is written last, so
    that its being there means that all are.
    """
    from derain.cli.inputs import STREAM
    from derain.media import decode_picture, encode_picture, format_of, read_picture

    kinds = [format_of(output).name for output in outputs]  # a wrong name is told at once
    if job.source == STREAM:
        picture = decode_picture(sys.stdin.buffer.read(), "standard input")
    else:
        picture = read_picture(job.source)
    for note in picture.notes:
        reporter.warn(note)
    clean = picture.with_colour(derainer(picture.colour, progress=reporter.tile))
    if job.target == STREAM:
        sys.stdout.buffer.write(encode_picture(clean))
        sys.stdout.buffer.flush()
        return picture.size
    made = {job.target: clean}
    if job.rain:
        made[job.rain] = _removed(picture, clean)
    if job.compare:
        made[job.compare] = _side_by_side(picture, clean)
    encoded = [
        encode_picture(made[output], kind, str(output))
        for output, kind in zip(outputs, kinds, strict=True)
    ]
    for output, data in zip(outputs, encoded, strict=True):
        atomic_write(output, data)
    return picture.size


def _removed(rainy: Picture, clean: Picture) -> Picture:
    """What was taken away, on black."""
    import numpy as np

    from derain.media import Picture

    removed = np.maximum(rainy.colour, clean.colour) - clean.colour
    return Picture(removed, format="PNG")


def _side_by_side(rainy: Picture, clean: Picture) -> Picture:
    """Before on the left, after on the right, a white line between."""
    from dataclasses import replace

    import numpy as np

    top = np.iinfo(rainy.colour.dtype).max
    line = np.full_like(rainy.colour[:, :4], top)
    if line.shape[1] < 4:
        line = np.repeat(line[:, :1], 4, axis=1)
    colour = np.concatenate([rainy.colour, line, clean.colour], axis=1)
    if rainy.alpha is None:
        return replace(clean, colour=colour)
    opaque = np.full((colour.shape[0], 4), top, rainy.alpha.dtype)
    alpha = np.concatenate([rainy.alpha, opaque, rainy.alpha], axis=1)
    return replace(clean, colour=colour, alpha=alpha)
