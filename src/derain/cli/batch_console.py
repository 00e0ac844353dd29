"""What a person or program sees of a run over many pictures and clips."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict

from derain.batch import Manifest, Plan, Row
from derain.batch.plan import OTHER_CLIPS
from derain.batch.run import Progress
from derain.cli.console import Reporter
from derain.clips.extra import HOW
from derain.restore import Derainer


class BatchReporter(Reporter):
    """Shows progress, each failure, and a line at the end.

    Args:
        quiet: Only failures.
        as_json: One JSON object a picture or clip on standard output.

    Attributes:
        done, failed: Pictures and clips of this run.
        unchanged: Of those done, those that came back as they were.
    """

    def __init__(self, quiet: bool, as_json: bool) -> None:
        super().__init__(None, quiet, as_json)
        self.done = self.failed = self.unchanged = 0
        self._others: Counter[str] = Counter()
        self._behind = 0  # pictures and clips that are finished, those of earlier runs included
        self._clips: dict[str, tuple[int, int]] = {}  # at work: frames that are finished, and all
        self._began = time.monotonic()

    def show(self, progress: Progress, plan: Plan) -> None:
        """Tell what has just happened."""
        if progress.row is None:
            self.note_others(plan)
        else:
            self._tell(progress.row)
        with self._lock:
            self._total = progress.total
            self._behind = progress.before + self.done + self.failed
            self._update()

    def _tell(self, row: Row) -> None:
        self.done += row.done
        self.failed += not row.done
        self.unchanged += row.done and row.unchanged
        self.record(asdict(row))
        if not row.done:
            self.warn(row.error)
        for note in row.notes:
            self.line(f"{row.source}: {note}")
        with self._lock:
            self._pixels += row.pixels
            self._clips.pop(row.source, None)

    def frames(self, source: str, done: int, total: int) -> None:
        """A frame of a clip at work is finished; from any thread."""
        with self._lock:
            self._clips[source] = done, total
            self._update()

    def _update(self) -> None:
        pace = self._pixels / 1e6 / max(1e-9, time.monotonic() - self._began)
        done, total = map(sum, zip((0, 0), *self._clips.values(), strict=True))
        self._progress.update(
            self._task,
            completed=self._behind + sum(done / total for done, total in self._clips.values()),
            # Of a folder that is watched some may be gone, or have come again.
            total=max(self._total or 0, self._behind + len(self._clips)),
            rate=f"{pace:.2f} MP/s" + (f", {done}/{total} frames" if total else ""),
        )

    def planned(self, plan: Plan, manifest: Manifest) -> None:
        """Count what would be done."""
        plan.check()
        before, to_do = 0, Counter[str]()
        for task in plan:
            if manifest.is_done(task.source):
                before += 1
            else:
                to_do["clips" if task.clip else "pictures"] += 1
        self.note_others(plan)
        self.record({"pictures": to_do["pictures"], "clips": to_do["clips"], "done_before": before})
        clips = f" and {to_do['clips']} clips" if to_do["clips"] else ""
        self.line(f"{to_do['pictures']} pictures{clips} to do, {before} done before")

    def summarise(self, derainer: Derainer) -> None:
        """The line at the end, of a run with ``derainer``."""
        self.line(f"{self.done} done, {self.failed} failed")
        if derainer.strength > 0 and 0 < self.done == self.unchanged:
            self.warn_of_no_change(derainer.model.card.name)

    def note_others(self, plan: Plan) -> None:
        """What is not worked on; told again when it is more."""
        if plan.others and plan.others != self._others:
            self._others = plan.others.copy()
            kinds = ", ".join(f"{count} {kind}" for kind, count in plan.others.most_common(8))
            how = f"; for clips: {HOW}" if OTHER_CLIPS in plan.others else ""
            self.line(f"{plan.source.uri}: left out what is no picture ({kinds}){how}")
