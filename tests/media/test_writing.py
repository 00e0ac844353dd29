"""Writes are all or nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from derain.errors import DerainError, DiskFullError, PermissionDeniedError
from derain.files import atomic_write, explain_os_error

WRITER = """
import sys
from pathlib import Path
from derain.files import atomic_write
path, size = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for value in range(256):
    atomic_write(path, bytes([value]) * size)
"""


def test_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    size = 3_000_000
    for attempt in range(6):
        path = tmp_path / f"{attempt}.bin"
        atomic_write(path, b"\xff" * size)
        command = [sys.executable, "-c", WRITER, str(path), str(size)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 + 0.031 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        data = path.read_bytes()
        assert len(data) == size
        assert len(set(data)) == 1


def test_a_failed_write_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match=r"a\.bin: no space left"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_really_full_disk() -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as file,
        pytest.raises(OSError, match="space") as caught,
    ):
        file.write(b"x")
    assert isinstance(explain_os_error(caught.value, "/dev/full"), DiskFullError)


def test_modes_and_links(tmp_path: Path) -> None:
    path, link = tmp_path / "a.bin", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    fresh = tmp_path / "sub" / "fresh.bin"
    atomic_write(fresh, b"x")
    (tmp_path / "plain.bin").write_bytes(b"x")
    assert fresh.stat().st_mode == (tmp_path / "plain.bin").stat().st_mode


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EACCES, PermissionDeniedError),
        (errno.EIO, DerainError),
    ],
)
def test_system_errors_are_explained(number: int, kind: type[DerainError]) -> None:
    error = explain_os_error(OSError(number, os.strerror(number)), "p.png")
    assert type(error) is kind
    assert str(error).startswith("p.png: ")
