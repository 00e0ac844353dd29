"""How much memory a run may take."""

from __future__ import annotations

import os

GIB = 1 << 30


def default_budget() -> int:
    """A quarter of the memory that is free, between 256 MiB and 1 GiB."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # no such question on Windows and macOS
        free = 4 * GIB
    return max(GIB // 4, min(GIB, free // 4))
