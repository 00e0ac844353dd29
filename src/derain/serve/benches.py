"""Where work is done: decoding, network, encoding, each a bench of one thread.

One picture at a time is at each, in the order they came, since a picture fills the processor's
cores, and since a backend may keep memory for every thread that it was called from. Clips have two
of their own, to be looked at and to be worked on, and take turns with pictures at the network.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, TypeVar, get_args

import anyio

from derain.serve.metrics import Metrics

T = TypeVar("T")
Stage = Literal["decode", "network", "encode", "probe", "clip"]


class Benches:
    """For one event loop.

    Args:
        metrics: Is told how long work waited and took.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._threads: dict[Stage, ThreadPoolExecutor] = {
            stage: ThreadPoolExecutor(1, f"derain-{stage}") for stage in get_args(Stage)
        }

    def submit(self, stage: Stage, work: Callable[[], T]) -> Future[tuple[T, float]]:
        """What ``work`` gives, and the seconds it took, when its turn has come; from any thread."""
        began = time.monotonic()

        def timed() -> tuple[T, float]:
            started = time.monotonic()
            made = work()
            ended = time.monotonic()
            self._metrics.waited.labels(stage).observe(started - began)
            self._metrics.seconds.labels(stage).observe(ended - started)
            return made, ended - started

        return self._threads[stage].submit(timed)

    async def at(self, stage: Stage, work: Callable[[threading.Event], T]) -> tuple[T, float]:
        """What ``work`` gives, and the seconds it took, the wait for the bench left out.

        When the caller is cancelled, the event that ``work`` gets is set, and its end is waited
        for, since it takes memory until then.
        """
        stop = threading.Event()
        job = self.submit(stage, lambda: work(stop))
        result = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            if not job.cancel():
                stop.set()
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({result})
                if not result.cancelled():
                    result.exception()  # asyncio would log what nobody asked for
            raise

    def close(self) -> None:
        """Let the threads end."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)
