"""How much memory a run may take."""

from __future__ import annotations

import os
from pathlib import Path

GIB = 1 << 30


def free_memory() -> int:
    """Bytes that could be taken without swapping, caches that give way included."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # no such question on Windows and macOS
        return 4 * GIB


def default_budget() -> int:
    """A quarter of the memory that is free, between 256 MiB and 1 GiB."""
    return max(GIB // 4, min(GIB, free_memory() // 4))
