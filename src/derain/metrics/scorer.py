"""All numbers of one restored picture or clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from derain.metrics.measure import ClipScores, Motion, measure, measure_clip
from derain.metrics.metric import Kind, Metric
from derain.metrics.protocols import Pixels, protocol_named
from derain.metrics.registry import METRICS, requested_metrics


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

    def score_clip(
        self, frames: Iterable[tuple[Pixels, Pixels, Pixels]], motion: Motion
    ) -> ClipScores:
        """Scores of one clip, as :func:`~derain.metrics.measure_clip` makes them.

        Args:
            frames: Rainy, restored and true frame, (H, W, 3) uint8 each, in order of time.
            motion: Finds where things were in the frame before.
        """
        return measure_clip(self.scores("clips"), frames, motion)
