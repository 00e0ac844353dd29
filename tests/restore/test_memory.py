"""The budget sees the limits of containers and of the shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from derain.restore import memory
from derain.restore.memory import default_budget, free_memory, group_room

MIB = 1 << 20


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def test_a_group_of_the_second_version(tmp_path: Path) -> None:
    """The tightest limit on the way up counts; caches that give way are room."""
    write(tmp_path / "cgroup", "0::/system/box")
    mounts = tmp_path / "fs"
    write(mounts / "system/box/memory.max", "max")
    write(mounts / "system/memory.max", str(800 * MIB))
    write(mounts / "system/memory.current", str(500 * MIB))
    write(mounts / "system/memory.stat", f"anon 5\ninactive_file {100 * MIB}\nactive_file 7")
    assert group_room(tmp_path / "cgroup", mounts) == 400 * MIB
    write(mounts / "system/box/memory.max", str(300 * MIB))
    write(mounts / "system/box/memory.current", str(100 * MIB))
    write(mounts / "system/box/memory.stat", "anon 5\ninactive_file 0")
    assert group_room(tmp_path / "cgroup", mounts) == 200 * MIB
    write(mounts / "system/memory.current", str(900 * MIB))
    assert group_room(tmp_path / "cgroup", mounts) == 0


@pytest.mark.parametrize("seen", ["/docker/abc", "/"])
def test_a_group_of_the_first_version(tmp_path: Path, seen: str) -> None:
    """A container may see its own group at the root, under the name it has outside."""
    write(tmp_path / "cgroup", f"5:cpu:/x\n4:cpuset,memory:{seen}\n0::/")
    folder = tmp_path / "fs" / "memory"
    write(folder / "memory.limit_in_bytes", str(512 * MIB))
    write(folder / "memory.usage_in_bytes", str(200 * MIB))
    write(folder / "memory.stat", f"cache 9\ntotal_inactive_file {50 * MIB}")
    assert group_room(tmp_path / "cgroup", tmp_path / "fs") == 362 * MIB


def test_no_groups(tmp_path: Path) -> None:
    assert group_room(tmp_path / "none", tmp_path) is None
    write(tmp_path / "cgroup", "0::/")
    assert group_room(tmp_path / "cgroup", tmp_path) is None


def test_the_least_of_all_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "group_room", lambda: 64 * MIB)
    assert free_memory() == 64 * MIB
    assert default_budget() == 32 * MIB
    monkeypatch.setattr(memory, "group_room", lambda: None)
    assert 64 * MIB < free_memory() < 1 << 50


def test_usual_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, budget in ((64, 1024), (4, 1024), (2, 512), (1, 256), (0.75, 256), (0.25, 128)):
        monkeypatch.setattr(memory, "free_memory", lambda free=free: int(free * 1024 * MIB))
        assert default_budget() == budget * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is Linux's")
def test_ulimit() -> None:
    """In a process of its own, since a limit cannot be taken back."""
    code = (
        "import resource, psutil\n"
        "from derain.restore.memory import free_memory\n"
        "taken = psutil.Process().memory_info().vms\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (taken + {300 * MIB}, resource.RLIM_INFINITY))\n"
        "print(free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 250 * MIB < int(done.stdout) <= 300 * MIB
