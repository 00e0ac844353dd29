"""From the pictures that are meant to pictures in and pictures out."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from derain.cli.inputs import STREAM, Input, clean_beside, compare_of, find_inputs, rain_of
from derain.errors import DerainError, OutputConflictError, UsageError
from derain.media import SUFFIXES


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


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        jobs: The pictures.
        errors: One for each name that leads nowhere and each picture that would be written over an
            input or over another picture's output.
        notes: What was left out, a line each.
    """

    jobs: list[Job]
    errors: list[DerainError]
    notes: list[str]


def plan_jobs(
    names: Sequence[str], out: Path | None, recursive: bool, save_rain: bool, compare: bool
) -> Plan:
    """Every picture that was named, with where its result goes.

    A file goes to ``NAME.derained.EXT`` beside it, a folder to ``FOLDER-derained``; with ``out``,
    into that folder under their own names, or, for a single picture, to that file.

    Raises:
        UsageError: ``out`` is a single file for several pictures, or can be neither a folder nor a
            picture.
    """
    single = out is not None and not out.is_dir() and _names_a_picture(out)
    if out is not None and out != STREAM and not single and out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file and no picture; give a folder or a picture with -o")
    inputs = find_inputs(names, out, recursive)
    jobs = []
    for picture in inputs.pictures:
        target = _target(picture, out, single)
        rain = rain_of(target) if save_rain else None
        jobs.append(Job(picture.path, target, rain, compare_of(target) if compare else None))
    if (single or out == STREAM) and len(jobs) > 1:
        raise UsageError(f"{out}: is one file, but {len(jobs)} pictures were named; give a folder")
    kept, conflicts = _without_conflicts(jobs)
    return Plan(kept, inputs.errors + conflicts, inputs.notes)


def _names_a_picture(path: Path) -> bool:
    """Whether a name asks for a picture, of a format we write or one to be refused."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    return path.suffix.lower() in SUFFIXES or kind.startswith("image/")


def _target(picture: Input, out: Path | None, single: bool) -> Path:
    path, folder = picture.path, picture.folder
    if path == STREAM:
        if out is not None and out.is_dir():
            raise UsageError(f"{out}: is a folder, but standard input has no name; give a file")
        return out if out is not None else STREAM
    if folder is not None:
        if single or out == STREAM:
            raise UsageError(f"{out}: is a file, but {folder} is a folder; give a folder")
        whole = folder.resolve()
        base = out if out is not None else whole.parent / f"{whole.name}-derained"
        return base / path.relative_to(folder)
    if out is None:
        return clean_beside(path)
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
