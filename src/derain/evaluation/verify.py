"""Do the scores on a model's card come out again?"""

from __future__ import annotations

from dataclasses import dataclass

from derain.evaluation.summary import Row
from derain.metrics import metric_of
from derain.zoo import ModelCard


@dataclass(frozen=True)
class Verdict:
    """One score of a card against the same score computed again."""

    model: str
    dataset: str
    score: str
    claimed: float
    found: float
    holds: bool


def verify(card: ModelCard, rows: list[Row]) -> list[Verdict]:
    """Compare every score of a card that the rows of its model have.

    The number of pictures is compared first: a mean over others is another number.
    """
    verdicts = []
    for row in rows:
        claimed = card.scores.get(row.dataset)
        if not claimed:
            continue
        verdicts.append(
            Verdict(row.model, row.dataset, "n", claimed["n"], row.n, row.n == claimed["n"])
        )
        for name, value in claimed.items():
            if name in row.scores:
                found = row.scores[name].value
                holds = abs(found - value) <= metric_of(name).tolerance
                verdicts.append(Verdict(row.model, row.dataset, name, value, found, holds))
    return verdicts
