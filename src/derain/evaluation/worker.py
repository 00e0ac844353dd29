"""One method in a process of its own: its memory is its own, and its crash ends nothing else."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from derain.errors import DerainError, first_line
from derain.evaluation.item import Item
from derain.evaluation.methods import Method, make_method
from derain.metrics import Kind

_method: Method | None = None


@dataclass(frozen=True)
class MethodInfo:
    """What a method says of itself."""

    about: str
    fingerprint: str
    trained_on: tuple[str, ...] | None


@dataclass(frozen=True)
class RestoreResult:
    """One restored picture or clip.

    Attributes:
        seconds: Wall time of the restoration alone.
        peak_bytes: The process's highest resident memory so far, None where nobody can say.
        error: Why there is no result; None when there is.
    """

    seconds: float = 0.0
    peak_bytes: int | None = None
    error: str | None = None


def _open(spec: str, backend: str, threads: int) -> tuple[MethodInfo, bool]:
    global _method
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _method = make_method(spec, backend, threads)
    return MethodInfo(_method.about, _method.fingerprint, _method.trained_on), _method.travels


def _end_with_parent() -> None:
    """One that is killed cannot end its processes."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _peak_bytes() -> int | None:
    """Highest resident memory of this process since it was started."""
    try:  # Linux: ru_maxrss would hold what the parent had when it forked
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _fingerprint(kind: Kind) -> str:
    assert _method is not None
    return _method.fingerprint_on_clips() if kind == "clips" else _method.fingerprint


def _restore(dataset: str, item: Item, out: Path) -> RestoreResult:
    assert _method is not None
    try:
        seconds = item.restore(_method, dataset, out)
    except Exception as error:  # whatever a stranger's callable raises is that picture's failure
        kind = "" if isinstance(error, DerainError) else f"{type(error).__name__}: "
        return RestoreResult(error=f"{kind}{first_line(error)}")
    return RestoreResult(seconds, _peak_bytes())


class Worker:
    """Runs one method in a fresh process, until it is closed.

    Args:
        spec: What :func:`derain.evaluation.methods.make_method` takes.
        backend: What runs models of ours.
        threads: As :func:`derain.evaluation.methods.make_method` takes them.

    Attributes:
        info: What the method says of itself.
        travels: Whether another machine that sees the same files has it, too.

    Raises:
        DerainError: The method cannot be had.
    """

    def __init__(self, spec: str, backend: str, threads: int = 0) -> None:
        self._asked = spec, backend, threads
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=context)
        try:
            self.info, self.travels = self._pool.submit(_open, *self._asked).result()
        except BrokenProcessPool as error:
            raise DerainError(f"{self._asked[0]}: its process died while it was loaded") from error
        except BaseException:
            self._pool.shutdown()
            raise

    def fingerprint(self, kind: Kind) -> str:
        """Changes when the method's results on such a set would.

        Raises:
            DerainError: It cannot do them at all, as where a library is missing.
        """
        return self._pool.submit(_fingerprint, kind).result()

    def restore(self, dataset: str, item: Item, out: Path) -> RestoreResult:
        """Restore one picture or clip into ``out``; a failure is part of the answer."""
        try:
            return self._pool.submit(_restore, dataset, item, out).result()
        except BrokenProcessPool:
            self._start()
            return RestoreResult(error="the method's process died (out of memory?)")

    def close(self) -> None:
        """End its process."""
        self._pool.shutdown(cancel_futures=True)
