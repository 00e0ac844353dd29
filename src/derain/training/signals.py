"""SIGTERM and SIGINT in the hands of whoever has something to save."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Call ``stop`` with the number of a SIGTERM or SIGINT; the handlers before come back after."""

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(number)

    before = {s: signal.signal(s, handle) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
