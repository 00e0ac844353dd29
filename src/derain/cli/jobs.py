"""From what was named on the command line to pictures in and pictures out."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from derain.errors import (
    DerainError,
    InputNotFoundError,
    OutputConflictError,
    PermissionDeniedError,
    UsageError,
)
from derain.media import SUFFIXES

STREAM = Path("-")


@dataclass(frozen=True)
class Job:
    """One picture to derain; ``-`` stands for standard input and output."""

    source: Path
    target: Path

    def companion(self, kind: str, suffix: str | None = None) -> Path:
        """Where a picture about the result goes: ``photo.derained.rain.png`` and the like."""
        suffix = suffix or self.target.suffix
        return self.target.with_name(f"{self.target.stem}.{kind}{suffix}")


def plan_jobs(
    paths: Sequence[str], out: Path | None, recursive: bool
) -> tuple[list[Job], list[DerainError]]:
    """Every picture that was named, with where its result goes.

    A file goes to ``NAME.derained.EXT`` beside it, a folder to ``FOLDER-derained``; with ``out``,
    into that folder under their own names, or, for a single picture, to that file.

    Returns:
        The jobs, and an error for each name that leads nowhere.

    Raises:
        OutputConflictError: Two pictures would be written to one file, or one onto itself.
        UsageError: A single output file for several pictures.
    """
    jobs: list[Job] = []
    errors: list[DerainError] = []
    single = out is not None and not out.is_dir() and out.suffix.lower() in SUFFIXES
    for text in paths:
        try:
            jobs += _of(text, out, recursive, single)
        except DerainError as error:
            errors.append(error)
    if (single or out == STREAM) and len(jobs) > 1:
        raise UsageError(f"{out}: is one file, but {len(jobs)} pictures were named; give a folder")
    _refuse_conflicts(jobs)
    return jobs, errors


def _of(text: str, out: Path | None, recursive: bool, single: bool) -> Iterator[Job]:
    path = Path(text)
    if path == STREAM:
        yield Job(STREAM, out if out is not None else STREAM)
    elif _exists(path) and path.is_dir():
        base = out if out is not None else path.resolve().parent / f"{path.resolve().name}-derained"
        if single:
            raise UsageError(f"{out}: is a file, but {path} is a folder; give a folder")
        yield from _of_folder(path, base, recursive)
    elif path.exists():
        yield Job(path, _target(path, out, single))
    elif glob.has_magic(text):
        matches = glob.glob(text, recursive=True)  # noqa: PTH207 - patterns may be absolute
        found = sorted(p for p in map(Path, matches) if p.is_file())
        if not found:
            raise InputNotFoundError(f"{text}: matches no file")
        for match in found:
            yield Job(match, _target(match, out, single))
    else:
        raise InputNotFoundError(f"{text}: no such file or folder")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        raise PermissionDeniedError(f"{path}: permission denied") from None


def _of_folder(folder: Path, base: Path, recursive: bool) -> Iterator[Job]:
    try:
        entries = sorted(folder.rglob("*") if recursive else folder.iterdir())
    except PermissionError:
        raise PermissionDeniedError(f"{folder}: permission denied") from None
    inside = base.resolve()
    found = [
        p
        for p in entries
        if p.is_file()
        and p.suffix.lower() in SUFFIXES
        and not p.name.startswith(".")
        and inside not in p.resolve().parents
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


def _refuse_conflicts(jobs: list[Job]) -> None:
    taken: dict[Path, Path] = {}
    sources = {job.source.resolve() for job in jobs if job.source != STREAM}
    for job in jobs:
        if job.target == STREAM:
            continue
        target = job.target.resolve()
        if target in sources:
            raise OutputConflictError(f"{job.target}: is an input; give another output with -o")
        if target in taken:
            raise OutputConflictError(
                f"{taken[target]} and {job.source} would both be written to {job.target}"
            )
        taken[target] = job.source
