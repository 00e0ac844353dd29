"""Calls on a Ray cluster: a pool of actors that are each made once and do one task after another.

Ray sees what a task names only; actors read and write by themselves. An actor or machine that dies
is replaced, and what it was at is done again by another.
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from derain.errors import BackendUnavailableError, StoreError, UsageError, first_line

R = TypeVar("R")
T = TypeVar("T", bound=tuple[Any, ...])

_Next = tuple[T, int]
"""A task, and how many actors died over it."""

_WAITING = 2
"""Tasks handed to an actor at once: one at work, one that it finds when it is done."""


@dataclass(frozen=True)
class Work(Generic[T, R]):
    """What the actors of a pool do.

    Attributes:
        make: A class, whose objects are called with the arguments of a task.
        arguments: What ``make`` is called with, on the actor's machine.
        lost: The result of a task over which too many actors died, from it and why.
        threads: Processors that an actor needs.
        gpu: Whether it needs a GPU instead.
        attempts: How many actors may die over a task.
    """

    make: type[Callable[..., R]]
    arguments: tuple[Any, ...]
    lost: Callable[[T, str], R]
    threads: int = 1
    gpu: bool = False
    attempts: int = 3


class Cluster:
    """A Ray cluster.

    Args:
        address: ``HOST:PORT``, ``auto`` for the one this machine is part of, or ``local`` for one
            of this process's own.

    Raises:
        UsageError: The address is none.
        BackendUnavailableError: Ray is not installed, or is not the cluster's version.
        StoreError: There is no cluster at the address.
    """

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError:
            raise BackendUnavailableError("--ray needs Ray: pip install 'derain[ray]'") from None
        if address not in ("auto", "local"):
            _check_reachable(address)  # Ray itself ends the process where nobody answers
        try:
            if not ray.is_initialized():
                ray.init(address, log_to_driver=False, logging_level="ERROR")
        except RuntimeError as error:  # versions of Ray or Python that differ
            raise BackendUnavailableError(f"--ray {address}: {first_line(error)}") from None
        except Exception as error:  # noqa: BLE001 - that of a node that starts too slowly is plain
            raise StoreError(f"--ray {address}: no cluster answers ({first_line(error)})") from None
        self._ray = ray

    def map(self, work: Work[T, R], tasks: Iterable[T]) -> Iterator[R]:
        """Results as they come, which is not the tasks' order.

        There is one actor for each ``threads`` processors of the cluster, or for each GPU. They are
        asked for one after the other as long as there is more to do, so an autoscaling cluster
        grows; Ray's dashboard shows them.

        Args:
            work: What is done.
            tasks: The arguments of each call; one is taken only when an actor has room for it.
        """
        return _Pool(self._ray, work).map(tasks)


def _check_reachable(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--ray must be auto, local or HOST:PORT, not {address}")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise StoreError(f"--ray {address}: no cluster answers ({first_line(error)})") from None


class _Actor:
    """What is made, in the folder of the driver, from which relative paths are meant."""

    def __init__(self, folder: Path, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        with suppress(OSError):  # a machine without it may need buckets only
            os.chdir(folder)
        self._made = make(*arguments)

    def __call__(self, *task: Any) -> Any:
        return self._made(*task)


class _Pool(Generic[T, R]):
    """Actors, and who is at what.

    Ray's own retries wait for an actor to come back, which needs a place that a smaller cluster may
    not have; here another actor takes over.
    """

    def __init__(self, ray: Any, work: Work[T, R]) -> None:
        self._ray, self._work = ray, work
        self._kind, self._each = ("GPU", 1) if work.gpu else ("CPU", work.threads)
        needs = {"num_gpus": 1} if work.gpu else {"num_cpus": work.threads}
        # Ray's dashboard and the system's list of processes show the name of the class.
        self._actor = ray.remote(**needs)(type(work.make.__name__, (_Actor,), {}))
        self._free: Counter[Any] = Counter()  # actor -> tasks it has room for
        self._at: dict[Any, tuple[Any, _Next[T]]] = {}  # what is waited for -> who does what

    def map(self, tasks: Iterable[T]) -> Iterator[R]:
        rest, again = ((task, 0) for task in tasks), list[_Next[T]]()
        ask: _Next[T] | None = None  # the next one, which waits for an actor
        try:
            while True:
                ask = ask or (again.pop() if again else next(rest, None))
                while ask and (actor := self._idle()):
                    self._free[actor] -= 1
                    self._at[actor.__call__.remote(*ask[0])] = actor, ask
                    ask = again.pop() if again else next(rest, None)
                if not self._at:
                    return
                done, _ = self._ray.wait(list(self._at), num_returns=1)
                yield from self._result(done[0], again)
        finally:
            for actor in self._free:
                self._ray.kill(actor)

    def _idle(self) -> Any | None:
        """An actor that has room, a new one where the cluster has; None where all are at work."""
        actor, room = max(self._free.items(), key=lambda item: item[1], default=(None, 0))
        if room == _WAITING or (room and len(self._free) >= self._places()):
            return actor
        if len(self._free) < self._places():
            actor = self._actor.remote(Path.cwd(), self._work.make, self._work.arguments)
            self._free[actor] = _WAITING
            return actor
        return actor if room else None

    def _places(self) -> int:
        """How many actors the cluster has room for now; it may grow, and shrink."""
        return max(1, int(self._ray.cluster_resources().get(self._kind, 0) // self._each))

    def _result(self, call: Any, again: list[_Next[T]]) -> Iterator[R]:
        """The result of a call that ended; none where its actor died and another is to do it."""
        actor, (task, deaths) = self._at.pop(call)
        if actor in self._free:
            self._free[actor] += 1
        try:
            result: R = self._ray.get(call)
        except self._ray.exceptions.RayTaskError as error:  # it lives, and raised something
            raise error.cause from None
        except self._ray.exceptions.RayError as error:
            self._free.pop(actor, None)
            if deaths + 1 < self._work.attempts:
                again.append((task, deaths + 1))
                return
            told = f"{deaths + 1} workers died over it ({first_line(error)})"
            result = self._work.lost(task, told)
        yield result
