"""SIGTERM, SIGINT and SIGHUP in the hands of whoever has something to save."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_HUP = getattr(signal, "SIGHUP", None)  # Windows has none
_ENDS = [signal.SIGTERM, signal.SIGINT, *([_HUP] if _HUP else [])]


@contextmanager
def stop_signals(stop: Callable[[int], None]) -> Iterator[None]:
    """Call ``stop`` with the number of a signal that ends a process; the handlers before come back.

    A terminal that closes sends SIGHUP. One that is ignored, as under ``nohup``, stays so.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(number)

    before = {number: signal.getsignal(number) for number in _ENDS}
    for number, handler in before.items():
        if number != _HUP or handler is not signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
