"""Calls that Ctrl-C can end: Python's signal handlers wait until compiled code returns.

And calls in other threads, which no signal comes to, that somebody else can end.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

LOOK = 0.1
"""Seconds of one wait: Windows, unlike other systems, does not end a wait for a signal."""

_check: contextvars.ContextVar[Callable[[], object] | None]
_check = contextvars.ContextVar("check", default=None)


@contextmanager
def ended_by(check: Callable[[], object]) -> Iterator[None]:
    """What ``check`` raises ends the :func:`interruptible` calls of this thread meanwhile.

    Args:
        check: Is called in this thread, ten times a second.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def interruptible(call: Callable[[], T], cancel: Callable[[], object] | None = None) -> T:
    """Call, in a thread beside the main one, which stays awake for signals.

    What a signal's handler raises (:class:`KeyboardInterrupt`) passes through at once. The call is
    then cancelled and waited for; one that cannot be is left behind, must change nothing that
    matters, and must not be waited for when the process ends. In other threads than the main one,
    to which no signal comes, it is a plain call, unless :func:`ended_by` says what may end it.

    Args:
        call: What to do; compiled code that gives the interpreter's lock away.
        cancel: Makes ``call`` return soon; is called from another thread.
    """
    check = _check.get()
    if check is None and threading.current_thread() is not threading.main_thread():
        return call()
    results: list[T] = []
    errors: list[BaseException] = []
    # Not the thread's own join: Python 3.11 takes a thread for ended when a signal ends its join.
    done = threading.Event()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            results.append(context.run(call))
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=work, name="derain", daemon=True).start()
    try:
        while not done.wait(LOOK):
            if check is not None:
                check()
    except BaseException:
        if cancel is not None:
            cancel()
            done.wait()
        raise
    if errors:
        raise errors[0]
    return results[0]
