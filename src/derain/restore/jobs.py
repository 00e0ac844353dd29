"""How many pictures at once, and what each of them has of the processor."""

from __future__ import annotations

import os

import psutil

from derain.restore.memory import GIB, free_memory


def default_jobs(threads: int = 0) -> int:
    """As many as there are threads, 0 for all processors, and gibibytes of free memory."""
    return max(1, min(threads or processors(), free_memory() // GIB))


def processors() -> int:
    """Processors this process may use: those of its affinity, where the system has such."""
    try:
        return len(psutil.Process().cpu_affinity())
    except (AttributeError, psutil.Error):  # macOS
        return os.cpu_count() or 1


def threads_each(threads: int, jobs: int) -> int:
    """Threads for each of ``jobs`` pictures at once, of ``threads`` in all; 0 is for all."""
    return threads if jobs == 1 else max(1, (threads or processors()) // jobs)
