"""A run that does not end: what comes to a folder or bucket is done once it is whole.

The names are looked through again and again. Systems tell of changes, too, but not those of buckets
and of most network drives, and none says that a file is whole.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace

from derain.batch.digests import digest
from derain.batch.manifest import Manifest
from derain.batch.plan import Plan
from derain.batch.run import Ask, Execute, Progress, open_tasks
from derain.batch.sources import Located, Source
from derain.errors import InputNotFoundError

_QUIET = 2.0  # seconds without a change after which a file is whole
_PAUSE, _SHARE = 1.0, 10  # seconds between looks at least, and times what a look takes


class Settled:
    """The files of a source that nobody has been writing for a while.

    Args:
        source: Of all files.
        quiet: Seconds for which size and time of writing have to stay as they are.
    """

    def __init__(self, source: Source, quiet: float = _QUIET) -> None:
        self.uri, self.may_repeat = source.uri, source.may_repeat
        self._source, self._quiet = source, quiet
        self._seen: dict[str, tuple[str, float]] = {}  # young files: version, and since when

    def files(self) -> Iterator[Located]:
        seen, self._seen = self._seen, {}
        for file in self._source.files():
            now, clock = time.monotonic(), time.time()  # the one before may have taken long
            if file.written is None or self._quiet <= clock - file.written:
                yield file
                continue
            # Young by this machine's clock; another may have set the time, and be ahead of it.
            version, since = seen.get(file.name, ("", now))
            if version != file.version:
                since = now
            self._seen[file.name] = file.version, since
            if now - since >= self._quiet:
                yield file


def watch_batch(
    plan: Plan, manifest: Manifest, execute: Execute
) -> Generator[Progress, None, None]:
    """As :func:`run_batch`, of what is there and of what comes; ends by an exception only.

    A picture that failed is not tried again until it changes, or by another run.

    Raises:
        OutputConflictError: Also when a picture comes that would be written to another's result.
        DiskFullError, PermissionDeniedError, StoreError: As :func:`run_batch`; or the source cannot
            be listed any more.
    """
    plan = replace(plan, source=Settled(plan.source))
    failed: set[int] = set()
    manifest.load()

    def tasks(counted: Progress) -> Iterator[Ask]:
        for task, ours in open_tasks(plan, manifest, counted):
            if digest(task.source.place, task.source.name, task.source.version) not in failed:
                yield task, ours

    progress = counted = Progress(0)
    try:
        manifest.open(plan.shard)
        while True:
            began, progress.row = time.monotonic(), None
            with suppress(InputNotFoundError):  # nothing there yet
                progress.total = plan.check()
            looked = time.monotonic() - began
            yield progress
            for row in execute(tasks(counted)):
                manifest.append(row)
                manifest.remember(row)
                if not row.done:
                    failed.add(digest(row.place, row.source, row.version))
                progress.row = row
                yield progress
            if progress.row is None:
                manifest.flush()
            counted = Progress(0)  # what was done before is told once
            time.sleep(max(_PAUSE, _SHARE * looked))
    finally:
        manifest.close()
