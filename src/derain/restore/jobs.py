"""How many pictures at once, and what each of them has of the processor."""

from __future__ import annotations

import math
import os
from pathlib import Path

import psutil

from derain.restore.backends import may_accelerate
from derain.restore.groups import MOUNTS, PROCESS_GROUPS, group_folders
from derain.restore.memory import GIB, free_memory, shared_budget

_QUOTA = ("cpu.cfs_quota_us", "cpu.cfs_period_us")  # of the first version of control groups
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
    """Processors this process may use: of its affinity, and in a container of its quota."""
    try:
        own = len(psutil.Process().cpu_affinity())
    except (AttributeError, psutil.Error):  # macOS
        own = os.cpu_count() or 1
    return min(own, group_processors() or own)


def group_processors(groups: Path = PROCESS_GROUPS, mounts: Path = MOUNTS) -> int | None:
    """Processors' worth of time that control groups of Linux leave, rounded up; None for any.

    Args:
        groups, mounts: As :func:`derain.restore.groups.group_folders` takes them.
    """
    shares = []
    for folder, version in group_folders("cpu", groups, mounts):
        try:
            if version == 1:
                quota, period = ((folder / name).read_text() for name in _QUOTA)
            else:
                quota, period = (folder / "cpu.max").read_text().split()
            share = int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):  # no such group here, or "max"
            continue
        if share > 0:  # -1: any
            shares.append(max(1, math.ceil(share)))
    return min(shares, default=None)


def engine_threads(threads: int) -> int:
    """What an engine is told that looks at all of the machine's processors by itself.

    Args:
        threads: What was asked for, 0 for all.

    Returns:
        The same, or the number of processors where a container or affinity leaves only some: more
        threads than these wait for each other, at twice the time (MEASURED, one of two).
    """
    here = processors()
    return threads or (here if here < (os.cpu_count() or 1) else 0)


def threads_each(threads: int, jobs: int) -> int:
    """Threads for each of ``jobs`` pictures at once, of ``threads`` in all; 0 is for all."""
    return threads if jobs == 1 else max(1, (threads or processors()) // jobs)


def budget_each(threads: int) -> int:
    """Bytes for the network of one of many processes, one for each ``threads`` processors."""
    processes = max(1, processors() // max(1, threads))
    return shared_budget(processes) // processes
