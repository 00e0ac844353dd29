"""From the pictures that are meant to pictures in and pictures out."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from derain.cli.inputs import STREAM, Input, clean_beside, compare_of, find_inputs, rain_of
from derain.cli.options import Folder
from derain.clips.formats import check_clip_name, is_clip, result_name
from derain.errors import (
    DerainError,
    InputNotFoundError,
    InvalidImageError,
    OutputConflictError,
    UsageError,
)
from derain.files import real_path
from derain.media import FORMATS, SUFFIXES, Format, format_of


@dataclass(frozen=True)
class Job:
    """One picture or clip to derain; ``-`` stands for standard input and output.

    Attributes:
        source: The rainy picture.
        target: Where the clean one goes.
        rain: Where a picture of what was taken away goes, if it was asked for.
        compare: Where before and after go, if they were asked for.
        frames: Whether both are folders of the frames of one clip.
    """

    source: Path
    target: Path
    rain: Path | None = None
    compare: Path | None = None
    frames: bool = False

    @property
    def outputs(self) -> list[Path]:
        """Every file this job writes, the clean picture last."""
        return [p for p in (self.rain, self.compare, self.target) if p is not None and p != STREAM]

    @property
    def record(self) -> dict[str, object]:
        """How ``--json`` names it."""
        return {"input": str(self.source), "output": str(self.target)}


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        jobs: The pictures.
        errors: One for each name that leads nowhere and each picture that would be written over an
            input or over another picture's output, behind what was named.
        notes: What was left out, a line each.
    """

    jobs: list[Job]
    errors: list[tuple[str, DerainError]]
    notes: list[str]


def asked_format(word: str) -> Format:
    """The format that ``--format`` names by its ending.

    Raises:
        UsageError: No format that is written.
    """
    found = SUFFIXES.get(f".{word.lower().lstrip('.')}")
    if found is None:
        known = ", ".join(entry.suffixes[0][1:] for entry in FORMATS.values() if entry.written)
        raise UsageError(f"--format must be one of {known}, not {word}")
    if not found.written:
        raise UsageError("--format: HEIC is read, but not written; give another, such as jpg")
    return found


def plan_jobs(
    names: Sequence[str],
    out: Path | None,
    recursive: bool,
    save_rain: bool,
    compare: bool,
    wanted: Format | None = None,
) -> Plan:
    """Every picture that was named, with where its result goes.

    A file goes to ``NAME.derained.EXT`` beside it, a folder to ``FOLDER-derained``; with ``out``,
    into that folder under their own names, or, for a single picture, to that file.

    Args:
        names: Files, folders and patterns.
        out: Where results go; a :class:`Folder` where its name was written as a folder's.
        recursive: Whether folders are meant with all folders in them.
        save_rain, compare: Whether the pictures beside the clean one are wanted.
        wanted: The format of all results; None for each picture's own.

    Raises:
        UsageError: ``out`` is a single file for several pictures, or can be neither a folder nor a
            picture, or is of another format than the one wanted.
    """
    single = out is not None and not _is_folder(out) and _names_a_picture(out)
    if out is not None and out != STREAM and not single and out.exists() and not out.is_dir():
        if isinstance(out, Folder):
            raise OutputConflictError(f"{out}: is a file, not a folder; give another -o")
        raise UsageError(f"{out}: is a file and no picture; give a folder or a picture with -o")
    if out and single and wanted and SUFFIXES.get(out.suffix.lower()) not in (None, wanted):
        ending = wanted.suffixes[0][1:]
        raise UsageError(f"--format {ending} and -o {out} contradict each other; leave one out")
    inputs = find_inputs(names, out, recursive, wanted.suffixes[0] if wanted else None)
    found = inputs.pictures
    if (single and len(found) + len(inputs.errors) > 1) or (out == STREAM and len(found) > 1):
        raise UsageError(f"{out}: is one file, but {len(found)} pictures were named; give a folder")
    if len(found) == 1 and out is not None and not single and out != STREAM:
        _ask_about_ending(out, found[0])
    jobs: list[Job] = []
    taken: set[Path] = set()
    for picture in found:
        target = _target(picture, out, single, wanted)
        rain = rain_of(target) if save_rain else None
        if rain is not None and real_path(rain) in taken:
            rain = target.with_name(f"{target.name}.rain{rain.suffix}")
        taken |= {real_path(rain)} if rain else set()
        jobs.append(Job(picture.path, target, rain, compare_of(target) if compare else None))
    kept, errors = _without_conflicts(jobs)
    return Plan(kept, inputs.errors + errors, inputs.notes)


def plan_frames(names: Sequence[str], out: Path | None) -> Plan:
    """Each folder as one clip, whose results go to ``out`` or ``FOLDER-derained``."""
    if out is not None and len(names) > 1:
        raise UsageError("--frames with -o takes one folder")
    jobs: list[Job] = []
    errors: list[tuple[str, DerainError]] = []
    for name in names:
        folder = Path(name)
        target = out if out is not None else _beside(folder)
        try:
            _check_frames(folder, target)
        except DerainError as error:
            errors.append((name, error))
        else:
            jobs.append(Job(folder, target, frames=True))
    return Plan(jobs, errors, [])


def _check_frames(folder: Path, target: Path) -> None:
    if not folder.is_dir():
        raise InputNotFoundError(f"{folder}: no such folder; --frames takes folders of pictures")
    if real_path(target) == real_path(folder):
        raise OutputConflictError(f"{target}: is the input; give another -o")
    if target.exists() and not target.is_dir():
        raise OutputConflictError(f"{target}: is a file, not a folder; give another")


def no_stream(source: Path) -> UsageError:
    """The error for a clip that was to go to standard output."""
    return UsageError(f"{source}: a clip needs a file to go to; give it with -o")


def _is_folder(path: Path) -> bool:
    return isinstance(path, Folder) or path.is_dir()


def _ask_about_ending(out: Path, picture: Input) -> None:
    """A single picture to a name that may be a file's of a format we lack, or a folder's."""
    if picture.folder is None and out.suffix and not _is_folder(out) and not out.exists():
        try:
            format_of(out)
        except InvalidImageError as error:
            raise UsageError(f"{error}, or {out}/ for a folder") from None


def _names_a_picture(path: Path) -> bool:
    """Whether a name asks for a picture or clip, of a format we write or one to be refused."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    known = path.suffix.lower() in SUFFIXES or is_clip(path)
    return known or kind.startswith(("image/", "video/"))


def _target(picture: Input, out: Path | None, single: bool, wanted: Format | None) -> Path:
    path, folder = picture.path, picture.folder
    if path == STREAM:
        if out is not None and _is_folder(out):
            raise UsageError(f"{out}: is a folder, but standard input has no name; give a file")
        return out if out is not None else STREAM
    named = result_name(path)
    if wanted and not is_clip(path):
        named = path.with_suffix(wanted.suffixes[0])
    if folder is not None:
        if single or out == STREAM:
            raise UsageError(f"{out}: is a file, but {folder} is a folder; give a folder")
        return (out if out is not None else _beside(folder)) / named.relative_to(folder)
    if out is None:
        return clean_beside(named)
    return out if single or out == STREAM else out / named.name


def _beside(folder: Path) -> Path:
    """``FOLDER-derained``, told as the folder was."""
    if folder.name not in ("", ".."):
        return folder.with_name(f"{folder.name}-derained")
    whole = real_path(folder)
    base = whole.parent / f"{whole.name}-derained"
    try:
        return base if folder.is_absolute() else Path(os.path.relpath(base))
    except ValueError:  # on another drive of Windows
        return base


def _without_conflicts(jobs: list[Job]) -> tuple[list[Job], list[tuple[str, DerainError]]]:
    sources = {real_path(job.source) for job in jobs if job.source != STREAM}
    taken: dict[Path, Path] = {}
    kept: list[Job] = []
    errors: list[tuple[str, DerainError]] = []
    for job in jobs:
        try:
            if is_clip(job.source):
                if job.target == STREAM:
                    raise no_stream(job.source)
                check_clip_name(job.source, job.target)
            elif job.target != STREAM:
                format_of(job.target)
        except (InvalidImageError, UsageError) as error:
            errors.append((str(job.source), error))
            continue
        clash = None
        for output in job.outputs:
            place = real_path(output)
            if place in sources:
                clash = f"{output}: is an input; give another output with -o"
            elif place in taken:
                clash = f"{taken[place]} and {job.source} would both be written to {output}"
        if clash:
            errors.append((str(job.source), OutputConflictError(clash)))
            continue
        taken.update((real_path(output), job.source) for output in job.outputs)
        kept.append(job)
    return kept, errors
