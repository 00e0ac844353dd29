"""How many pictures at once, and what each of them has of the processor."""

from __future__ import annotations

import os

import psutil

from derain.restore.backends import may_accelerate
from derain.restore.memory import GIB, free_memory, shared_budget

_ON_AN_ACCELERATOR = 2
"""One picture at work, and one that is read or written meanwhile."""


def default_jobs(threads: int, backend: str, device: str) -> int:
    """Pictures at once, unless something else is asked for.

    As many as there are threads, 0 for all processors, and gibibytes of free memory: a picture uses
    several processors worse than several pictures do.

    Args:
        threads, backend, device: As :class:`derain.Derainer` takes them.
    """
    most = _ON_AN_ACCELERATOR if may_accelerate(backend, device) else threads or processors()
    return max(1, min(most, free_memory() // GIB))


def processors() -> int:
    """Processors this process may use: those of its affinity, where the system has such."""
    try:
        return len(psutil.Process().cpu_affinity())
    except (AttributeError, psutil.Error):  # macOS
        return os.cpu_count() or 1


def threads_each(threads: int, jobs: int) -> int:
    """Threads for each of ``jobs`` pictures at once, of ``threads`` in all; 0 is for all."""
    return threads if jobs == 1 else max(1, (threads or processors()) // jobs)


def budget_each(threads: int) -> int:
    """Bytes for the network of one of many processes, one for each ``threads`` processors."""
    processes = max(1, processors() // max(1, threads))
    return shared_budget(processes) // processes
