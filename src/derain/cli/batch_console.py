"""What a person or program sees of a run over many pictures."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict

from derain.batch import Manifest, Plan
from derain.batch.digests import digest
from derain.batch.run import Progress
from derain.cli.console import Reporter


class BatchReporter(Reporter):
    """Shows progress, each failure, and a line at the end.

    Args:
        quiet: Only failures.
        as_json: One JSON object a picture on standard output.

    Attributes:
        done, failed: Pictures of this run.
    """

    def __init__(self, quiet: bool, as_json: bool) -> None:
        super().__init__(None, quiet, as_json)
        self.done = self.failed = 0
        self._others: Counter[str] = Counter()
        self._began = time.monotonic()

    def show(self, progress: Progress, plan: Plan) -> None:
        """Tell what has just happened."""
        row = progress.row
        if row is None:
            self.note_others(plan)
            return
        self.done += row.done
        self.failed += not row.done
        self.record(asdict(row))
        if not row.done:
            self.warn(row.error)
        for note in row.notes:
            self.line(f"{row.source}: {note}")
        self._pixels += row.pixels
        pace = self._pixels / 1e6 / max(1e-9, time.monotonic() - self._began)
        self._progress.update(
            self._task,
            completed=progress.before + self.done + self.failed,
            total=progress.total,
            rate=f"{pace:.2f} MP/s",
        )

    def planned(self, plan: Plan, manifest: Manifest) -> None:
        """Count what would be done."""
        total, before = plan.check(), 0
        for task in plan:
            before += digest(task.source.name, task.source.version) in manifest.finished
        self.note_others(plan)
        self.line(f"{total - before} pictures to do, {before} done before")

    def summarise(self) -> None:
        """The line at the end."""
        self.line(f"{self.done} done, {self.failed} failed")

    def note_others(self, plan: Plan) -> None:
        """What is not worked on; told again when it is more."""
        if plan.others and plan.others != self._others:
            self._others = plan.others.copy()
            kinds = ", ".join(f"{count} {kind}" for kind, count in plan.others.most_common(8))
            self.line(f"{plan.source.uri}: left out what is no picture ({kinds})")
