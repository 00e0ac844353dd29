"""From what was named on the command line to pictures in and pictures out."""

from __future__ import annotations

import glob
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from derain.errors import (
    DerainError,
    InputNotFoundError,
    OutputConflictError,
    PermissionDeniedError,
    UsageError,
)
from derain.files import explain_os_error
from derain.media import SUFFIXES

STREAM = Path("-")


@dataclass(frozen=True)
class Job:
    """One picture to derain; ``-`` stands for standard input and output.

    Attributes:
        source: The rainy picture.
        target: Where the clean one goes.
        rain: Where a picture of what was taken away goes, if it was asked for.
        compare: Where before and after go, if they were asked for.
    """

    source: Path
    target: Path
    rain: Path | None = None
    compare: Path | None = None

    @property
    def outputs(self) -> list[Path]:
        """Every file this job writes, the clean picture last."""
        return [p for p in (self.rain, self.compare, self.target) if p is not None and p != STREAM]


def plan_jobs(
    paths: Sequence[str], out: Path | None, recursive: bool, save_rain: bool, compare: bool
) -> tuple[list[Job], list[DerainError]]:
    """Every picture that was named, with where its result goes.

    A file goes to ``NAME.derained.EXT`` beside it, a folder to ``FOLDER-derained``; with ``out``,
    into that folder under their own names, or, for a single picture, to that file.

    Returns:
        The jobs, and an error for each name that leads nowhere and each picture that would be
        written over an input or over another picture's output.

    Raises:
        UsageError: A single output file for several pictures.
    """
    jobs: dict[Job, None] = {}  # a picture that is named twice is one job
    errors: list[DerainError] = []
    single = out is not None and not out.is_dir() and _names_a_picture(out)
    for text in paths:
        try:
            for job in _of(text, out, recursive, single):
                target = job.target
                rain = target.with_name(f"{target.stem}.rain.png") if save_rain else None
                both = target.with_name(f"{target.stem}.compare{target.suffix}")
                jobs[replace(job, rain=rain, compare=both if compare else None)] = None
        except DerainError as error:
            errors.append(error)
    if (single or out == STREAM) and len(jobs) > 1:
        raise UsageError(f"{out}: is one file, but {len(jobs)} pictures were named; give a folder")
    kept, conflicts = _without_conflicts(list(jobs))
    return kept, errors + conflicts


def _names_a_picture(path: Path) -> bool:
    """Whether a name asks for a picture, of a format we write or one to be refused."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    return path.suffix.lower() in SUFFIXES or kind.startswith("image/")


def _of(text: str, out: Path | None, recursive: bool, single: bool) -> Iterator[Job]:
    path = Path(text)
    if path == STREAM:
        yield Job(STREAM, out if out is not None else STREAM)
    elif _exists(path) and path.is_dir():
        base = out if out is not None else path.resolve().parent / f"{path.resolve().name}-derained"
        if single:
            raise UsageError(f"{out}: is a file, but {path} is a folder; give a folder")
        yield from _of_folder(path, base, recursive)
    elif _exists(path):
        yield Job(path, _target(path, out, single))
    elif glob.has_magic(text):
        matches = glob.glob(text, recursive=True)  # noqa: PTH207 - patterns may be absolute
        found = sorted(p for p in map(Path, matches) if p.is_file())
        if not found:
            raise InputNotFoundError(f"{text}: matches no file")
        # What an earlier run of the same pattern made is no input.
        made = {_target(match, out, single) for match in found}
        for match in (m for m in found if m not in made):
            yield Job(match, _target(match, out, single))
    else:
        raise InputNotFoundError(f"{text}: no such file or folder")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise explain_os_error(error, path) from error


def _of_folder(folder: Path, base: Path, recursive: bool) -> Iterator[Job]:
    try:
        entries = sorted(folder.rglob("*") if recursive else folder.iterdir())
    except PermissionError:
        raise PermissionDeniedError(f"{folder}: permission denied") from None
    inside = base.resolve()
    apart = folder.resolve() in inside.parents  # results inside the folder are no inputs
    found = [
        p
        for p in entries
        if p.is_file()
        and p.suffix.lower() in SUFFIXES
        and not p.name.startswith(".")
        and not (apart and inside in p.resolve().parents)
    ]
    if inside == folder.resolve():
        raise OutputConflictError(f"{folder}: is the input too; give another folder with -o")
    if not found:
        hint = "" if recursive else "; add --recursive for the folders in it"
        raise InputNotFoundError(f"{folder}: holds no pictures{hint}")
    for path in found:
        yield Job(path, base / path.relative_to(folder))


def _target(path: Path, out: Path | None, single: bool) -> Path:
    if out is None:
        return path.with_name(f"{path.stem}.derained{path.suffix}")
    return out if single or out == STREAM else out / path.name


def _without_conflicts(jobs: list[Job]) -> tuple[list[Job], list[DerainError]]:
    sources = {job.source.resolve() for job in jobs if job.source != STREAM}
    taken: dict[Path, Path] = {}
    kept: list[Job] = []
    errors: list[DerainError] = []
    for job in jobs:
        clash = None
        for output in job.outputs:
            place = output.resolve()
            if place in sources:
                clash = f"{output}: is an input; give another output with -o"
            elif place in taken:
                clash = f"{taken[place]} and {job.source} would both be written to {output}"
        if clash:
            errors.append(OutputConflictError(clash))
            continue
        taken.update((output.resolve(), job.source) for output in job.outputs)
        kept.append(job)
    return kept, errors
