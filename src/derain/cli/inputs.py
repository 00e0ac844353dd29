"""From what was named on the command line to the pictures and clips that are meant."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from derain.clips.formats import is_clip, result_name
from derain.errors import DerainError, InputNotFoundError, InvalidImageError, OutputConflictError
from derain.files import explain_os_error, real_path
from derain.media import FORMATS, SUFFIXES

STREAM = Path("-")

# The stems of what stands beside NAME.EXT: clean, compared, taken away.
_MADE = re.compile(r"(?P<name>.+)\.derained(?:\.compare|(?:\.\w+)?\.rain)?", re.DOTALL)


@dataclass(frozen=True)
class Input:
    """A picture, and the named folder it was found in, if any."""

    path: Path
    folder: Path | None = None


@dataclass
class Inputs:
    """What was found.

    Attributes:
        pictures: In the order they were named; none twice.
        errors: One for each name that leads nowhere and each place that cannot be read, behind it.
        notes: A line about each kind of file that was left out.
    """

    pictures: list[Input] = field(default_factory=list)
    errors: list[tuple[str, DerainError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_inputs(
    names: Sequence[str], out: Path | None, recursive: bool, suffix: str | None = None
) -> Inputs:
    """Every picture that was named, directly, by a pattern or by its folder.

    What an earlier run made of pictures that are named too (``NAME.derained.EXT`` and the pictures
    beside it) is no input, so that a pattern or folder can be given again.

    Args:
        names: What was named.
        out: Where results go, which are no inputs.
        recursive: Whether folders are meant with all folders in them.
        suffix: The ending that results get; None for the pictures' own.
    """
    inputs = Inputs()
    for name in names:
        try:
            _look(name, out, recursive, suffix, inputs)
        except DerainError as error:
            inputs.errors.append((name, error))
    unique = _each_once(inputs.pictures)
    named = {(picture.path.parent, picture.path.stem) for picture in unique}
    inputs.pictures = [picture for picture in unique if not _is_result(picture.path, named)]
    if count := len(unique) - len(inputs.pictures):
        inputs.notes.append(
            f"left out {count} results of an earlier run, such as NAME.derained.*; such are "
            "derained where their pictures are not named"
        )
    return inputs


def _each_once(pictures: list[Input]) -> list[Input]:
    """The first of those that are one entry of one folder, however it was named."""
    first: dict[Path, Input] = {}
    for picture in pictures:
        first.setdefault(real_path(picture.path.parent) / picture.path.name, picture)
    return list(first.values())


def _is_result(path: Path, named: set[tuple[Path, str]]) -> bool:
    """Whether a run without ``-o`` may have made this of a named picture, in whatever format."""
    made = _MADE.fullmatch(path.stem)
    return made is not None and (path.parent, made["name"]) in named


def clean_beside(picture: Path) -> Path:
    """Where the clean picture goes without ``-o``."""
    return result_name(picture.with_name(f"{picture.stem}.derained{picture.suffix}"))


def compare_of(clean: Path) -> Path:
    """Where before and after go."""
    return clean.with_name(f"{clean.stem}.compare{clean.suffix}")


def rain_of(clean: Path) -> Path:
    """Where what was taken away goes."""
    return clean.with_name(f"{clean.stem}.rain{clean.suffix if is_clip(clean) else '.png'}")


def _look(name: str, out: Path | None, recursive: bool, suffix: str | None, inputs: Inputs) -> None:
    path = Path(name)
    if path == STREAM:
        inputs.pictures.append(Input(STREAM))
    elif _exists(path) and path.is_dir():
        _look_inside(path, out, recursive, inputs)
    elif _exists(path):
        known = path.suffix.lower() in SUFFIXES or is_clip(path)
        if out is None and suffix is None and not known:
            raise InvalidImageError(
                f"{path}: '{path.suffix}' is no picture format and no clip's that is read and "
                "written; convert it first, to PNG or JPEG, a clip to MP4 or MKV"
            )
        inputs.pictures.append(Input(path))
    elif glob.has_magic(name):
        matches = glob.glob(name, recursive=True)  # noqa: PTH207 - patterns may be absolute
        found = sorted(p for p in map(Path, matches) if p.is_file())
        if not found:
            raise InputNotFoundError(f"{name}: matches no file")
        if out is not None:  # what the same pattern gave before is no input
            made = {
                out / (p.with_suffix(suffix) if suffix and not is_clip(p) else result_name(p)).name
                for p in found
                if real_path(p.parent) != real_path(out)
            }
            found = [p for p in found if p not in made]
        inputs.pictures += map(Input, found)
    else:
        raise InputNotFoundError(f"{name}: no such file or folder")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise explain_os_error(error, path) from error


def _look_inside(folder: Path, out: Path | None, recursive: bool, inputs: Inputs) -> None:
    """All pictures of a folder but those that lie where the results go."""
    results = real_path(out) if out is not None else None
    if results == real_path(folder):
        raise OutputConflictError(f"{folder}: is the input too; give another folder with -o")

    def unreadable(error: OSError) -> None:
        inputs.errors.append((error.filename, explain_os_error(error, error.filename)))

    before = len(inputs.errors)
    found, others, below, linked = [], [], 0, 0
    for root, folders, files in os.walk(folder, onerror=unreadable):
        place = Path(root)
        # Hidden ones are other programs' and our own: thumbnails, clips at work.
        shown = (f for f in folders if not f.startswith("."))
        kept = sorted(f for f in shown if real_path(place / f) != results)
        links = sum((place / f).is_symlink() for f in kept)
        linked += links
        if not recursive:
            below += len(kept) - links
        folders[:] = kept if recursive else []
        for name in sorted(files):
            path = place / name
            if name.startswith("."):
                continue
            if path.suffix.lower() not in SUFFIXES and not is_clip(path):
                others.append(path)
            elif path.is_file():
                found.append(path)
            elif path.exists():
                inputs.errors.append((str(path), InvalidImageError(f"{path}: is no regular file")))
            else:
                nowhere = InputNotFoundError(f"{path}: a link that leads nowhere")
                inputs.errors.append((str(path), nowhere))
    if others:
        kinds = " ".join(sorted({p.suffix.lower() or p.name for p in others})[:8])
        inputs.notes.append(f"{folder}: left out {len(others)} other files ({kinds})")
    if not found and len(inputs.errors) == before:
        known = ", ".join(FORMATS)
        hint = "; add --recursive for the folders in it" if below else f" ({known})"
        raise InputNotFoundError(f"{folder}: holds no pictures{hint}")
    if below:
        told = _count(below, "folder")
        inputs.notes.append(f"{folder}: left out {told}; add --recursive for what is in them")
    if linked:
        told = _count(linked, "linked folder")
        inputs.notes.append(f"{folder}: left out {told}; name them for what is in them")
    inputs.pictures += [Input(path, folder) for path in sorted(found)]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
