"""``derain run SRC -o DST``: any number of pictures and clips, each result exactly once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from derain.cli.exit_codes import PARTIAL
from derain.cli.options import Whole, bytes_of, check_quality, pixels_of
from derain.errors import OutputConflictError, UsageError


def run(
    source: str,
    *,
    out: Annotated[str, Parameter(name=["--out", "-o"])],
    model: Annotated[str, Parameter(name=["--model", "-m"])] = "base",
    backend: str = "auto",
    device: str = "auto",
    strength: float = 1.0,
    format: str | None = None,
    quality: Whole | None = None,
    max_megapixels: float | None = None,
    column: str | None = None,
    shard: str | None = None,
    jobs: Whole = 0,
    threads: Whole = 0,
    memory: Whole | None = None,
    attempts: Whole = 3,
    ray: str | None = None,
    watch: bool = False,
    dry_run: bool = False,
    json: bool = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"])] = False,
) -> int:
    """Remove the rain from all pictures of a folder, bucket or list, and go on after any stop.

    Results have the names of their pictures, in all folders. What became of each picture is noted
    in OUT/.derain; the same command goes on where it was stopped, tries what failed again, and
    writes nothing twice. Clips are done, too, where the extra video is installed.

    Args:
        source: A folder, s3://BUCKET/PREFIX, gs://..., az://..., or a list of such addresses or
            https:// ones: a .txt file with one a line, or a .parquet file.
        out: A folder or bucket.
        model: base (best), fast, or the NAME.json that derain export wrote.
        backend: auto, onnxruntime, openvino or torch.
        device: auto, cpu, cuda, cuda:N or mps.
        strength: How much of the change is applied, from 0 to 1.
        format: Format of pictures' results instead of their own: jpg, png, webp, tif, avif, bmp
            or ppm.
        quality: Quality of JPEG, WebP and AVIF, from 1 to 100.
        max_megapixels: Larger pictures and frames of clips fail; of pictures 178 by default and at
            most.
        column: The column of a .parquet list.
        shard: i/n with i from 0 to n - 1: every n-th picture, by its name, for n machines at once.
        jobs: Pictures at once; by default what processors and memory allow.
        threads: Threads of the processor for all pictures at once, 0 for all; with --ray for each
            actor, by default 1.
        memory: Megabytes the network may take for all pictures at once, with --ray for each actor;
            by default a quarter of what is free, at most 1024 for each picture.
        attempts: How often a picture is tried whose store does not answer.
        ray: Work on a Ray cluster: its address, auto for the one this machine is part of, or local
            for one of this machine's own.
        watch: Go on with what comes to the folder or bucket, once nobody writes it any more, until
            Ctrl-C.
        dry_run: Only count what would be done.
        json: One JSON object for each picture or clip on standard output.
        quiet: Show nothing but errors.
    """
    from derain.batch import (
        Manifest,
        Plan,
        open_source,
        open_store,
        parse_shard,
        run_batch,
        watch_batch,
    )
    from derain.batch.run import threads as in_threads
    from derain.batch.worker import Settings, Worker
    from derain.cli.batch_console import BatchReporter
    from derain.cli.jobs import asked_format
    from derain.clips.extra import video_installed
    from derain.restore.jobs import default_jobs
    from derain.restore.strength import check_strength

    if ray is not None and jobs:
        raise UsageError("--jobs goes without --ray, which has an actor for each --threads")
    for option, value, least in (("--jobs", jobs, 0), ("--attempts", attempts, 1)):
        if value < least:
            raise UsageError(f"{option} must be at least {least}, not {value}")
    if watch and dry_run:
        raise UsageError("--watch and --dry-run exclude each other")
    wanted = asked_format(format) if format else None
    target, pictures = open_store(out), open_source(source, column)
    if watch and pictures.may_repeat:
        raise UsageError(f"--watch goes with a folder or bucket, not with a list such as {source}")
    inside = _inside(pictures.uri, target.uri)
    part = parse_shard(shard) if shard else (0, 1)
    plan = Plan(pictures, wanted, part, inside, video_installed())
    jobs = 1 if ray is not None else jobs or default_jobs(threads, backend, device)
    settings = Settings(
        target=out,
        model=model,
        backend=backend,
        device=device,
        threads=threads or (0 if ray is None else 1),
        memory=bytes_of(memory),
        jobs=jobs,
        neighbours=ray is not None,
        strength=check_strength(strength, "--strength"),
        kind=wanted.name if wanted else None,
        quality=check_quality(quality),
        max_pixels=pixels_of(max_megapixels),
        attempts=attempts,
    )
    derainer = settings.derainer()
    manifest = Manifest(target, settings.fingerprint(derainer))
    reporter = BatchReporter(quiet, json)
    if dry_run:
        manifest.load()
        reporter.planned(plan, manifest)
        return 0
    if ray is not None:
        from derain.batch.on_ray import on_ray

        execute = on_ray(settings, ray)
    else:
        execute = in_threads(Worker(settings, derainer, reporter.frames), jobs)
    with reporter:
        work = watch_batch if watch else run_batch
        try:
            with closing(work(plan, manifest, execute)) as going:
                for progress in going:
                    reporter.show(progress, plan)
        except KeyboardInterrupt:
            reporter.summarise(derainer)
            raise
        reporter.summarise(derainer)
    return PARTIAL if reporter.failed else 0


def _inside(source: str, target: str) -> str | None:
    """What a target's names begin with in a source that it lies in.

    Raises:
        OutputConflictError: They are one place.
    """
    if "://" in source or "://" in target:
        here, there = f"{source.rstrip('/')}/", f"{target.rstrip('/')}/"
    else:
        here, there = (
            f"{Path(path).resolve().as_posix().rstrip('/')}/" for path in (source, target)
        )
    if here == there:
        raise OutputConflictError(f"{target}: is the source too; give another place with -o")
    return there.removeprefix(here) if there.startswith(here) else None
