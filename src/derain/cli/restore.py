"""``derain PATH...``: pictures and clips in, dry ones out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from derain.cli.exit_codes import PARTIAL, exit_code
from derain.cli.options import Output, Whole, bytes_of, check_quality, pixels_of
from derain.errors import UsageError

if TYPE_CHECKING:
    from derain.cli.jobs import Job


def restore(
    *photos: Path,
    out: Annotated[Output | None, Parameter(name=["--out", "-o"])] = None,
    model: Annotated[str, Parameter(name=["--model", "-m"])] = "base",
    backend: str = "auto",
    device: str = "auto",
    strength: float = 1.0,
    recursive: Annotated[bool, Parameter(name=["--recursive", "-r"])] = False,
    save_rain: bool = False,
    compare: bool = False,
    format: str | None = None,
    quality: Whole | None = None,
    codec: str | None = None,
    crf: Whole | None = None,
    start: str | None = None,
    end: str | None = None,
    frames: bool = False,
    skip_existing: bool = False,
    overwrite: bool = False,
    dry_run: bool = False,
    memory: Whole | None = None,
    tile: Whole = 0,
    jobs: Whole = 0,
    threads: Whole = 0,
    max_megapixels: float | None = None,
    json: bool = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"])] = False,
) -> int:
    """Remove the rain from pictures and clips.

    A picture or clip goes to NAME.derained.EXT beside it, a folder to FOLDER-derained.

    Args:
        photos: Pictures, clips, folders, globs, or - for standard input to standard output.
        out: A folder (with a slash at its end, where its name looks like a file's), or a file for a
            single picture.
        model: base (best), fast, or the NAME.json that derain export wrote; see derain models.
        backend: auto, onnxruntime, openvino or torch.
        device: auto, cpu, cuda, cuda:N or mps.
        strength: How much of the change is applied, from 0 (the picture as it is) to 1 (all).
        recursive: Folders with all folders in them; the tree is kept.
        save_rain: Write what was taken away too: NAME.derained.rain.png, with -o NAME.rain.png.
        compare: Write before and after side by side too: NAME.derained.compare.EXT, with -o
            NAME.compare.EXT.
        format: Format of the results instead of the pictures' own: jpg, png, webp, tif, avif, bmp
            or ppm.
        quality: Quality of JPEG, WebP and AVIF, from 1 to 100; by default 95, and WebP without loss
            for pictures without loss. Other formats have no loss.
        codec: Codec of clips instead of their own: h264, hevc, vp8, vp9, av1, prores, mjpeg, ffv1,
            png or qtrle.
        crf: Constant rate factor of clips, smaller for better; by default one at which losses are
            hardly seen.
        start: Where to begin in a clip, in seconds or as H:MM:SS.
        end: Where to end in a clip.
        frames: Each folder is one clip of numbered pictures; the results have the same names.
        skip_existing: Make only results that do not exist yet, whatever settings the others were
            made with.
        overwrite: Replace results that exist.
        dry_run: Only list what would be written.
        memory: Megabytes the network may take for all pictures at once; by default a quarter of
            what is free, at most 1024 for each picture.
        tile: Largest side of a tile in pixels; by default as large as memory allows.
        jobs: Pictures at once; by default what processors and memory allow.
        threads: Threads of the processor for all pictures at once, 0 for all.
        max_megapixels: Refuse larger pictures and frames of clips; of pictures 178 by default and
            at most.
        json: One JSON object for each picture or clip on standard output.
        quiet: Show nothing but errors, and what a result could not keep.
    """
    from derain.cli.clips import ClipPolicy, check_used, seconds_of, with_codec
    from derain.cli.console import Reporter
    from derain.cli.inputs import STREAM
    from derain.cli.jobs import asked_format, plan_frames, plan_jobs
    from derain.cli.work import Policy, plan_only, run_jobs
    from derain.restore.strength import check_strength

    strength = check_strength(strength, "--strength")
    if skip_existing and overwrite:
        raise UsageError("--skip-existing and --overwrite exclude each other")
    if not photos:
        raise UsageError("nothing to do: name a picture or a folder (see derain --help)")
    if jobs < 0:
        raise UsageError(f"--jobs must be at least 0, not {jobs}")
    budget, max_pixels = bytes_of(memory), pixels_of(max_megapixels)
    check_quality(quality)
    wanted = asked_format(format) if format else None
    clips = ClipPolicy(seconds_of(start, "--start"), seconds_of(end, "--end"), codec, crf)
    if clips.end is not None and clips.end <= (clips.start or 0):
        raise UsageError("--end must come after --start")
    names = [str(p) for p in photos]
    if frames:
        if save_rain or compare or recursive or wanted or quality or clips.asked:
            raise UsageError(
                "--frames goes with none of --save-rain, --compare, --recursive, --format, "
                "--quality, --codec, --crf, --start and --end"
            )
        plan = plan_frames(names, out)
    else:
        plan = plan_jobs(names, out, recursive, save_rain, compare, wanted)
    todo, errors = plan.jobs, [error for _, error in plan.errors]
    if todo and not frames and not errors:  # what was not found might have used them
        pictorial = {"--format": wanted, "--quality": quality}
        given = ", ".join(option for option, value in pictorial.items() if value is not None)
        check_used(todo, clips, given)
    clips = with_codec(clips, todo)
    if any(job.target == STREAM for job in todo):
        if json and not dry_run:
            raise UsageError("--json and a picture cannot both go to standard output; add -o FILE")
        if save_rain or compare:
            raise UsageError("--save-rain and --compare need a file to stand beside; add -o FILE")
        if sys.stdout is None:
            raise UsageError("standard output is closed; give a file with -o")
    if any(job.source == STREAM for job in todo) and sys.stdin is None:
        raise UsageError("standard input is closed; name a picture")
    reporter = Reporter(len(todo), quiet, json)
    for note in plan.notes:
        reporter.line(note)
    for name, error in plan.errors:
        reporter.record({"input": name, "status": "failed", "error": str(error)})
        reporter.warn(str(error))
    if not todo:
        return exit_code(errors[0]) if len(errors) == 1 else PARTIAL
    several = len(todo) + len(errors) > 1
    policy = Policy(
        skip_existing, overwrite, wanted.name if wanted else None, quality,
        max_pixels, clips,
    )  # fmt: skip
    if dry_run:
        tally, word = plan_only(todo, policy, reporter, errors), "to do"
    else:
        from derain.restore import Derainer
        from derain.restore.jobs import default_jobs

        at_once = min(jobs or default_jobs(threads, backend, device), _pictures(todo))
        derainer = Derainer(
            model,
            backend=backend,
            device=device,
            memory=budget,
            tile=tile,
            threads=threads,
            strength=strength,
            jobs=at_once,
        )
        with reporter:
            tally, word = run_jobs(todo, derainer, policy, reporter, errors, at_once), "done"
    if several and not quiet and not json and sys.stderr:  # without it, print takes stdout
        told = f"{tally.done} {word}, {tally.skipped} skipped, {len(errors)} failed"
        print(told, file=sys.stderr)
    if not errors:
        return 0
    return PARTIAL if several else exit_code(errors[0])


def _pictures(jobs: list[Job]) -> int:
    """How many are for pictures, by their names; 1 at least."""
    from derain.clips.formats import is_clip

    return max(1, sum(not job.frames and not is_clip(job.source) for job in jobs))
