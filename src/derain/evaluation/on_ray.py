"""Pictures and clips side by side on a Ray cluster, a processor each.

A bench there restores, keeps and scores by itself; the driver alone writes records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from derain.cluster import Cluster, Work
from derain.evaluation.bench import Bench, Execute, Job, Setup
from derain.evaluation.records import Record


def on_ray(cluster: Cluster) -> Execute:
    """Execute there; machines have to see the files under the names that the driver has."""

    def execute(setup: Setup, jobs: Iterable[Job]) -> Iterator[Record]:
        work = Work(Bench, (replace(setup, threads=1),), _lost)
        return cluster.map(work, ((job,) for job in jobs))

    return execute


def _lost(task: tuple[Job], why: str) -> Record:
    return replace(task[0].blank, error=why)
