"""The work of a run on a Ray cluster.

An actor reads, derains and writes by itself. A picture that fails is a row. Results are written by
conditional put, so nothing is there twice when one that died is taken over from. The driver alone
writes the manifest; when it dies, the same command goes on.
"""

from __future__ import annotations

from derain.batch.clips import settled
from derain.batch.manifest import Row
from derain.batch.run import Ask, Execute
from derain.batch.stores import open_store
from derain.batch.worker import Settings, Worker
from derain.cluster import Cluster, Work


def on_ray(settings: Settings, address: str) -> Execute:
    """Execute on the cluster at ``address``, ``auto`` or ``local``; raises what that raises."""
    cluster = Cluster(address)
    gpu = settings.device not in ("auto", "cpu")
    work = Work(Worker, (settings,), _lost, settings.threads, gpu, settings.attempts)
    target = open_store(settings.target)
    return lambda asks: settled(target, cluster.map(work, asks))


def _lost(ask: Ask, why: str) -> Row:
    task, _ = ask
    return Row.failed(task, f"{task.source.name}: {why}")
