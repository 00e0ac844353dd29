"""Control groups of Linux, by which containers are given less than the machine has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROCESS_GROUPS = Path("/proc/self/cgroup")
MOUNTS = Path("/sys/fs/cgroup")


def group_folders(controller: str, groups: Path, mounts: Path) -> Iterator[tuple[Path, int]]:
    """The folders of the process's groups and of those around them, each with its version, 1 or 2.

    Args:
        controller: What they are asked about, such as ``memory``.
        groups: Names the groups of the process.
        mounts: Where the groups of both versions are mounted, as systemd and Docker do.
    """
    try:
        lines = groups.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if not controllers:
            root, version = mounts, 2
        elif controller in controllers.split(","):
            root, version = mounts / controller, 1
        else:
            continue
        # A container sees its own group as the root, yet may be told the name it has outside.
        folder = root / name.lstrip("/")
        for place in (folder, *folder.parents):
            if place.is_relative_to(root):
                yield place, version
