"""The work of a run on a Ray cluster: a pool of actors that each load the model once.

Ray sees names only: an actor reads, derains and writes by itself. A picture that fails is a row. An
actor or machine that dies is replaced, and what it was at is done again by another: results are
written by conditional put, so nothing is there twice. The driver alone writes the manifest; when it
dies, the same command goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from derain.batch.manifest import Row
from derain.batch.run import Ask, Execute
from derain.batch.worker import Settings, Worker
from derain.errors import BackendUnavailableError, StoreError, first_line

_WAITING = 2
"""Pictures handed to an actor at once: one at work, one that it finds when it is done."""


def on_ray(settings: Settings, address: str) -> Execute:
    """Execute on the cluster at ``address``, ``auto`` or ``local``.

    There is one actor for each processor of the cluster, or, with a GPU for a device, for each GPU.
    They are asked for one after the other as long as there is more to do, so an autoscaling cluster
    grows; Ray's dashboard shows them.

    Raises:
        BackendUnavailableError: Ray is not installed, or is not the cluster's version.
        StoreError: There is no cluster at the address.
    """
    try:
        import ray
    except ImportError:
        raise BackendUnavailableError("--ray needs Ray: pip install 'derain[ray]'") from None
    try:
        if not ray.is_initialized():
            where = None if address == "local" else address
            ray.init(where or "local", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError) as error:
        raise StoreError(f"--ray {address}: no cluster answers ({first_line(error)})") from None
    except RuntimeError as error:  # versions of Ray or Python that differ
        raise BackendUnavailableError(f"--ray {address}: {first_line(error)}") from None
    return lambda asks: _Pool(ray, settings).map(asks)


class _Pool:
    """Actors, and who is at what."""

    def __init__(self, ray: Any, settings: Settings) -> None:
        self._ray = ray
        gpu = settings.device not in ("auto", "cpu")
        needs = {"num_gpus": 1} if gpu else {"num_cpus": settings.threads}
        # Actors come back by themselves, and so do calls that an actor took with it.
        options = {**needs, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 1}
        self._make = ray.remote(**options)(Worker)
        self._settings, self._kind = settings, "GPU" if gpu else "CPU"
        self._each = 1 if gpu else settings.threads
        self._actors: list[Any] = []
        self._at: dict[Any, Any] = {}  # what is waited for -> the actor that does it

    def map(self, asks: Iterable[Ask]) -> Iterator[Row]:
        """Rows as they come; takes a task only when an actor has room for it."""
        free: list[Any] = []
        try:
            for ask in asks:
                while not free:
                    if len(self._actors) < self._room():
                        actor = self._make.remote(self._settings)
                        self._actors.append(actor)
                        free += [actor] * _WAITING
                        break
                    yield from self._finished(free)
                actor = free.pop(0)
                self._at[actor.__call__.remote(*ask)] = actor
            while self._at:
                yield from self._finished(free)
        finally:
            for actor in self._actors:
                self._ray.kill(actor)

    def _room(self) -> int:
        """How many actors the cluster has room for now; it may grow, and shrink."""
        return max(1, int(self._ray.cluster_resources().get(self._kind, 0) // self._each))

    def _finished(self, free: list[Any]) -> Iterator[Row]:
        done, _ = self._ray.wait(list(self._at), num_returns=1)
        for result in done:
            free.append(self._at.pop(result))
            row: Row = self._ray.get(result)
            yield row
