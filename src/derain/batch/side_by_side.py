"""Calls side by side in threads, with few of them waiting: a million tasks are never a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from derain.restore.interrupt import LOOK

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(call: Callable[[T], R], tasks: Iterable[T], jobs: int) -> Iterator[R]:
    """Results as they come, which is not the tasks' order.

    Compiled code (decoders, the network, encoders) gives the interpreter's lock away, so threads
    are enough, and share one copy of the weights.

    Args:
        call: Does one task; what it raises is raised here.
        tasks: Taken one by one, as results are taken from this.
        jobs: How many at once.
    """
    pool, waiting = ThreadPoolExecutor(jobs, thread_name_prefix="derain"), set[Future[R]]()
    try:
        for task in tasks:
            waiting.add(pool.submit(call, task))
            while len(waiting) > jobs:
                done, waiting = wait(waiting, LOOK, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while waiting:
            done, waiting = wait(waiting, LOOK, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        # A run that is interrupted does not wait for what is under way.
        pool.shutdown(wait=False, cancel_futures=True)
