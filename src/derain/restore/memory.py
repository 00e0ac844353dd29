"""How much memory a run may take."""

from __future__ import annotations

from pathlib import Path

import psutil

from derain.media import Probe
from derain.restore.groups import MOUNTS, PROCESS_GROUPS, group_folders

GIB = 1 << 30

PLAIN, HEAVY = 36, 60
"""Bytes a pixel, a picture and its result at their largest (MEASURED, ``docs/server.md``).

``HEAVY`` is for 16 bits a channel, and for WebP and AVIF, whose encoders take most.
"""

_HEAVY_FORMATS = ("WEBP", "AVIF")

_CLIP, _FRAMES, _DEEP_FRAMES = 80 << 20, 900, 1100
"""Bytes of a clip, and for each pixel of its frames: those around one, drawn onto it, and those in
the decoder and the encoder (MEASURED, ``docs/scale.md``)."""

_WORDS = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}
"""Of control groups, by their version: limit, usage, and caches that give way."""


def free_memory() -> int:
    """Bytes that could be taken without swapping, caches that give way included.

    The machine's, or what a container (control group) or the shell (``ulimit -v``) leaves of them.
    """
    rooms = (psutil.virtual_memory().available, group_room(), _address_room())
    return min(room for room in rooms if room is not None)


def default_budget() -> int:
    """A quarter of the memory that is free, at most 1 GiB.

    Not less than 256 MiB, since small tiles are slow, unless that is more than half of it.
    """
    free = free_memory()
    return max(min(GIB // 4, free // 2), min(GIB, free // 4))


def shared_budget(jobs: int) -> int:
    """What so many pictures at once may take together: a budget each, as far as there is memory.

    That is a quarter of what is free, or the budget of one picture where that is more.
    """
    one = default_budget()
    return max(one, min(jobs * one, free_memory() // 4))


def picture_memory(probe: Probe, kind: str) -> int:
    """Bytes that a picture and its result take, beside the network.

    Args:
        probe: Of the picture.
        kind: Pillow's name of the result's format.
    """
    heavy = probe.deep or kind in _HEAVY_FORMATS
    return probe.width * probe.height * (HEAVY if heavy else PLAIN)


def clip_memory(width: int, height: int, deep: bool = False) -> int:
    """Bytes that a clip at work takes, beside the network.

    Args:
        width, height: Of its frames.
        deep: Whether they have more than 8 bits a sample.
    """
    return _CLIP + width * height * (_DEEP_FRAMES if deep else _FRAMES)


def _address_room() -> int | None:
    """Bytes of address space that ``ulimit -v`` leaves; None without such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    return max(0, limit - int(psutil.Process().memory_info().vms))


def group_room(groups: Path = PROCESS_GROUPS, mounts: Path = MOUNTS) -> int | None:
    """Bytes that control groups of Linux leave to this process; None without a limit.

    Args:
        groups, mounts: As :func:`derain.restore.groups.group_folders` takes them.
    """
    rooms = []
    for folder, version in group_folders("memory", groups, mounts):
        limit, usage, cache = _WORDS[version]
        try:
            most = int((folder / limit).read_text())
            taken = int((folder / usage).read_text())
            lines = (folder / "memory.stat").read_text().splitlines()
            given_way = int(dict(line.split() for line in lines).get(cache, 0))
        except (OSError, ValueError):  # no such group here, or "max"
            continue
        rooms.append(max(0, most - taken + given_way))
    return min(rooms, default=None)
