"""How much of a gain is kept when the same pictures are enlarged or turned."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from derain.evaluation.run import Results
from derain.metrics import GAIN, metric_of

_WORTH = 0.1
"""Least mean gain, in dB, of which a share is told. OURS."""


@dataclass(frozen=True)
class Kept:
    """What is left of a method's gain when a set is seen otherwise.

    Attributes:
        model, dataset, view: Which method, on which set, seen how.
        score: The gain's name, with its protocol.
        before, after: Mean gain in dB as it is, and in this view.
        n: Pictures in both means: those that have the score in both.
    """

    model: str
    dataset: str
    view: str
    score: str
    before: float
    after: float
    n: int

    @property
    def percent(self) -> float | None:
        """The gain kept in %; None where there was no gain worth a division."""
        return 100 * self.after / self.before if self.before >= _WORTH else None


def gains_kept(results: Results) -> list[Kept]:
    """For every method and view of pairs, and every protocol, in order.

    ``input`` gains nothing and is left out; so is what has no picture with both scores.
    """
    gains = {
        (r.model, r.dataset, r.name): {k: v for k, v in r.scores.items() if metric_of(k) is GAIN}
        for r in results.records
    }
    kept = []
    for label, method in results.methods.items():
        for testset in results.testsets:
            if not testset.view or testset.kind != "pairs" or method.fingerprint == "input":
                continue
            both = [
                [gains.get((label, name, item.name), {}) for name in (testset.origin, testset.name)]
                for item in testset.items
            ]
            for score in dict.fromkeys(name for _, after in both for name in after):
                pairs = [(b[score], a[score]) for b, a in both if score in b and score in a]
                if pairs:
                    before, after = map(fmean, zip(*pairs, strict=True))
                    kept.append(
                        Kept(label, testset.origin, testset.view, score, before, after, len(pairs))
                    )
    return kept
