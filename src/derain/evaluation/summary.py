"""From records to tables: means with intervals, gains, costs, trained on against tested on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from derain.evaluation.records import Record
from derain.evaluation.run import Results
from derain.metrics import Mean, mean_with_interval


@dataclass(frozen=True)
class Row:
    """One method on one set.

    Attributes:
        model, dataset, kind: Which.
        scores: Score -> mean over the pictures that have it.
        failed: Pictures without a result; in no mean.
        seconds_per_mp: Median wall time for a megapixel.
        peak_mb: Highest resident memory of the method's process, in MiB.
        home: Whether the method was trained on a set of this name, or of this one's name without
            its view; None when nobody knows.
    """

    model: str
    dataset: str
    kind: str
    scores: dict[str, Mean]
    failed: int
    seconds_per_mp: float | None
    peak_mb: int | None
    home: bool | None

    @property
    def n(self) -> int:
        """Pictures in the means; a score that not every picture has may have fewer."""
        return max((mean.n for mean in self.scores.values()), default=0)


def summarise(results: Results) -> list[Row]:
    """A row for every method and set, in order."""
    rows = []
    for testset in results.testsets:
        for label, method in results.methods.items():
            own = [r for r in results.records if (r.model, r.dataset) == (label, testset.name)]
            home = None
            if method.trained_on is not None:
                home = (testset.origin or testset.name).lower() in {
                    name.lower() for name in method.trained_on
                }
            rows.append(_row(label, testset.name, testset.kind, own, home))
    return rows


def _row(label: str, dataset: str, kind: str, records: list[Record], home: bool | None) -> Row:
    good = [r for r in records if not r.error]
    names = dict.fromkeys(name for record in good for name in record.scores)
    scores = {
        name: mean_with_interval([r.scores[name] for r in good if name in r.scores])
        for name in names
    }
    paces = [r.seconds / (r.frames * r.width * r.height / 1e6) for r in good]
    peaks = [r.peak_bytes for r in good if r.peak_bytes is not None]
    return Row(
        label, dataset, kind, scores, len(records) - len(good),
        median(paces) if paces else None, max(peaks) >> 20 if peaks else None, home,
    )  # fmt: skip
