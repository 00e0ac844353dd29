"""All numbers of one restored picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from derain.metrics.metric import Kind, Metric, Sample
from derain.metrics.protocols import Pixels, protocol_named
from derain.metrics.registry import METRICS, metric_of, requested_metrics


def measure(
    scores: Iterable[str], rainy: Pixels, restored: Pixels, clean: Pixels | None
) -> dict[str, float]:
    """Some scores of one restored picture.

    Args:
        scores: Such as ``psnr/rgb``, ``niqe``.
        rainy, restored, clean: (H, W, 3) uint8; ``clean`` None without ground truth.

    Returns:
        Score -> value, in order, without those that this picture cannot have.

    Raises:
        KeyError: No metric has such a score.
    """
    samples: dict[str, Sample] = {}
    values = {}
    for name in scores:
        metric = metric_of(name)
        protocol = name.rpartition("/")[2] if metric.under_protocols else "matlab-y"
        if protocol not in samples:
            samples[protocol] = Sample(rainy, restored, clean, protocol)
        if metric.needs_truth and clean is None:
            continue
        value = metric.compute(samples[protocol])
        if value is not None:
            values[name] = value
    return values


class Scorer:
    """Scores restored pictures under some protocols, by all metrics that fit the kind of set.

    Args:
        protocols: Names of protocols.
        extra: Metrics that are computed on request only, such as ``vif``.

    Raises:
        UsageError: An unknown protocol or metric, or one whose library is not installed.
    """

    def __init__(self, protocols: Sequence[str], extra: Sequence[str] = ()) -> None:
        self._protocols = [protocol_named(name).name for name in protocols]
        self._extra = requested_metrics(dict.fromkeys(extra))

    def identity(self, kind: Kind) -> str:
        """Changes when the scores of such a set would."""
        revised = [f"{m.name}.{m.revision}" for m in self._metrics(kind) if m.revision]
        return " ".join([*self._protocols, *(metric.word for metric in self._extra), *revised])

    def _metrics(self, kind: Kind) -> list[Metric]:
        always = [metric for metric in METRICS.values() if not metric.on_request]
        return [metric for metric in (*self._extra, *always) if kind in metric.better]

    def scores(self, kind: Kind) -> list[str]:
        """What such a set is scored by: those under each protocol first."""
        metrics = self._metrics(kind)
        under = [m.score(p) for p in self._protocols for m in metrics if m.under_protocols]
        return under + [metric.name for metric in metrics if not metric.under_protocols]

    def score(
        self, kind: Kind, rainy: Pixels, clean: Pixels | None, restored: Pixels
    ) -> dict[str, float]:
        """Scores of one picture; what a small picture cannot have is left out.

        Args:
            kind: Of the set; photographs without rain are their own ground truth.
            rainy, clean, restored: (H, W, 3) uint8; ``clean`` None without ground truth.
        """
        truth = rainy if kind == "rain-free" else clean
        return measure(self.scores(kind), rainy, restored, truth)
