"""The work of a run on a Ray cluster: a pool of actors that each load the model once.

Ray sees names only: an actor reads, derains and writes by itself. A picture that fails is a row. An
actor or machine that dies is replaced, and what it was at is done again by another: results are
written by conditional put, so nothing is there twice. The driver alone writes the manifest; when it
dies, the same command goes on.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from derain.batch.manifest import Row
from derain.batch.run import Ask, Execute
from derain.batch.worker import Settings, Worker
from derain.errors import BackendUnavailableError, StoreError, UsageError, first_line

_WAITING = 2
"""Pictures handed to an actor at once: one at work, one that it finds when it is done."""


def on_ray(settings: Settings, address: str) -> Execute:
    """Execute on the cluster at ``address``, ``auto`` or ``local``.

    There is one actor for each processor of the cluster, or, with a GPU for a device, for each GPU.
    They are asked for one after the other as long as there is more to do, so an autoscaling cluster
    grows; Ray's dashboard shows them.

    Raises:
        UsageError: The address is none.
        BackendUnavailableError: Ray is not installed, or is not the cluster's version.
        StoreError: There is no cluster at the address.
    """
    try:
        import ray
    except ImportError:
        raise BackendUnavailableError("--ray needs Ray: pip install 'derain[ray]'") from None
    if address not in ("auto", "local"):
        _check_reachable(address)  # Ray itself ends the process where nobody answers
    try:
        if not ray.is_initialized():
            ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError) as error:
        raise StoreError(f"--ray {address}: no cluster answers ({first_line(error)})") from None
    except RuntimeError as error:  # versions of Ray or Python that differ
        raise BackendUnavailableError(f"--ray {address}: {first_line(error)}") from None
    return lambda asks: _Pool(ray, settings).map(asks)


def _check_reachable(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--ray must be auto, local or HOST:PORT, not {address}")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise StoreError(f"--ray {address}: no cluster answers ({first_line(error)})") from None


class _Pool:
    """Actors, and who is at what.

    Ray's own retries wait for an actor to come back, which needs a place that a smaller cluster may
    not have; here another actor takes over.
    """

    def __init__(self, ray: Any, settings: Settings) -> None:
        self._ray = ray
        gpu = settings.device not in ("auto", "cpu")
        self._kind, self._each = ("GPU", 1) if gpu else ("CPU", settings.threads)
        needs = {"num_gpus": 1} if gpu else {"num_cpus": settings.threads}
        self._actor = ray.remote(**needs)(Worker)
        self._settings = settings
        self._free: Counter[Any] = Counter()  # actor -> pictures it has room for
        self._at: dict[Any, tuple[Any, Ask]] = {}  # what is waited for -> who does what
        self._deaths: Counter[str] = Counter()  # picture -> actors that died over it

    def map(self, asks: Iterable[Ask]) -> Iterator[Row]:
        """Rows as they come; takes a task only when an actor has room for it."""
        rest, again = iter(asks), list[Ask]()
        ask: Ask | None = None  # the next one, which waits for an actor
        try:
            while True:
                ask = ask or (again.pop() if again else next(rest, None))
                while ask and (actor := self._idle()):
                    self._free[actor] -= 1
                    self._at[actor.__call__.remote(*ask)] = actor, ask
                    ask = again.pop() if again else next(rest, None)
                if not self._at:
                    return
                done, _ = self._ray.wait(list(self._at), num_returns=1)
                yield from self._row(done[0], again)
        finally:
            for actor in self._free:
                self._ray.kill(actor)

    def _idle(self) -> Any | None:
        """An actor that has room, a new one where the cluster has; None where all are at work."""
        actor, room = max(self._free.items(), key=lambda item: item[1], default=(None, 0))
        if room == _WAITING or (room and len(self._free) >= self._places()):
            return actor
        if len(self._free) < self._places():
            actor = self._actor.remote(self._settings)
            self._free[actor] = _WAITING
            return actor
        return actor if room else None

    def _places(self) -> int:
        """How many actors the cluster has room for now; it may grow, and shrink."""
        return max(1, int(self._ray.cluster_resources().get(self._kind, 0) // self._each))

    def _row(self, result: Any, again: list[Ask]) -> Iterator[Row]:
        """The row of a call that ended; none where its actor died and another is to do it."""
        actor, ask = self._at.pop(result)
        if actor in self._free:
            self._free[actor] += 1
        try:
            row: Row = self._ray.get(result)
        except self._ray.exceptions.RayError as error:
            self._free.pop(actor, None)
            name = ask[0].source.name
            self._deaths[name] += 1
            if self._deaths[name] < self._settings.attempts:
                again.append(ask)
                return
            source = ask[0].source
            told = f"{name}: {self._deaths[name]} workers died over it ({first_line(error)})"
            row = Row(source.name, source.version, ask[0].target, "failed", error=told)
        yield row
