"""``derain run --watch``: what comes is done, once it is whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from derain.batch.sources import Located, StoreSource
from derain.batch.stores import open_store
from derain.batch.watch import Settled
from derain.cli.main import run
from tests.batch.conftest import Fill
from tests.batch.test_run import FAST, results, rows


class Clock:
    """Time as a test wants it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "time", lambda: self.now)


def names(source: Settled) -> list[str]:
    return [file.name for file in source.files()]


def touch(path: Path, written: float, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (written, written))


def test_a_file_is_whole_when_nobody_has_written_it_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    source = Settled(StoreSource(str(tmp_path)), quiet=2)
    touch(tmp_path / "old.png", clock.now - 60, b"whole")
    touch(tmp_path / "new.png", clock.now, b"a")
    ahead = clock.now + 500  # written by a machine whose clock is ahead
    touch(tmp_path / "ahead.png", ahead, b"b")
    assert names(source) == ["old.png"]
    clock.now += 1.5
    touch(tmp_path / "new.png", clock.now, b"aa")
    assert names(source) == ["old.png"]
    clock.now += 1
    assert names(source) == ["ahead.png", "old.png"]
    touch(tmp_path / "ahead.png", ahead, b"more")  # another size, at the same time of writing
    assert names(source) == ["old.png"]
    clock.now += 1
    assert names(source) == ["new.png", "old.png"]
    clock.now += 1
    assert names(source) == ["ahead.png", "new.png", "old.png"]


def test_a_file_is_young_by_the_time_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look may last as long as the work on the files before it."""
    clock = Clock(monkeypatch)
    source = Settled(StoreSource(str(tmp_path)), quiet=2)
    touch(tmp_path / "a.png", clock.now - 60, b"whole")
    ahead = clock.now + 500
    touch(tmp_path / "b.png", ahead, b"half")
    files = source.files()
    assert next(files).name == "a.png"
    clock.now += 60  # of work, at the end of which somebody goes on with the other one
    touch(tmp_path / "b.png", ahead, b"more of it")
    assert not list(files)
    clock.now += 0.2
    assert names(source) == ["a.png"]
    clock.now += 2
    assert names(source) == ["a.png", "b.png"]


def test_objects_are_whole_at_once() -> None:
    class Objects:
        uri, may_repeat = "s3://bucket", False

        def files(self) -> list[Located]:
            return [Located("s3://bucket", "a.png", "a.png", "etag")]

    assert names(Settled(Objects())) == ["a.png"]


@pytest.fixture
def watched(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a run that watches; at the end it is killed, if it is not gone."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, out: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "derain", "run", source, "-o", out, *FAST, "--watch"]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hot_folder(
    number: signal.Signals, fill: Fill, tmp_path: Path, watched: Callable[..., object]
) -> None:
    """Before, while and after something comes; half a file is left alone; Ctrl-C sums up."""
    folder, out, more = tmp_path / "in", tmp_path / "out", fill(4, "more")
    folder.mkdir()
    process = watched(str(folder), str(out))
    until(process, (out / ".derain").exists)  # it waits, with nothing there yet
    shutil.copy(more / "000.png", folder / "a.png")
    (folder / "bad.png").write_bytes(b"nonsense")
    whole = (more / "002.png").read_bytes()
    with (folder / "slow.png").open("wb") as slow:
        slow.write(whole[:1000])
        slow.flush()

        def first() -> bool:
            slow.write(b"")
            os.utime(folder / "slow.png")  # somebody is at it
            return "a.png" in results(out) and len(rows(out)) == 2

        until(process, first)
        assert set(results(out)) == {"a.png"}
        slow.write(whole[1000:])
    (folder / "bad.png").write_bytes((more / "sub" / "001.png").read_bytes())  # mended
    until(process, lambda: len(results(out)) == 3)
    time.sleep(1.5)  # another look, at which there is nothing to do
    process.send_signal(number)
    since = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert time.monotonic() - since < 5  # a second, on a machine with nothing else to do
    assert process.returncode == 130
    assert told.splitlines()[-2:] == [
        "3 done, 1 failed",
        "derain: interrupted; everything finished before is kept",
    ]
    assert Counter((row["source"], row["status"]) for row in rows(out)) == {
        ("a.png", "done"): 1, ("bad.png", "failed"): 1, ("bad.png", "done"): 1,
        ("slow.png", "done"): 1,
    }  # fmt: skip
    assert run(["run", str(folder), "-o", str(tmp_path / "plain"), *FAST]) == 0
    assert results(out) == results(tmp_path / "plain")


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_hot_bucket(
    bucket: str,
    fill: Fill,
    watched: Callable[..., object],
) -> None:
    """The manifest of a bucket is put when it is ended, too."""
    folder, source, target = fill(2), open_store(f"{bucket}/in"), open_store(f"{bucket}/out")
    process = watched(source.uri, target.uri)
    source.create("a.png", (folder / "000.png").read_bytes())
    until(process, lambda: [entry.name for entry in target.entries()] == ["a.png"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert run(["manifest", "verify", target.uri]) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_a_clip_comes(tmp_path: Path, watched: Callable[..., object]) -> None:
    pytest.importorskip("av")
    from tests.clips.made import Made, make, times

    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    process = watched(str(folder), str(out))
    until(process, (out / ".derain").exists)
    shutil.copy(make(tmp_path / "a.mp4", Made(times=times(6, 512), size=(64, 48))), folder)
    until(process, lambda: len(rows(out)) == 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert rows(out)[0]["status"] == "done"
    assert set(results(out)) == {"a.mp4"}
    assert run(["manifest", "verify", str(out)]) == 0


def test_what_it_does_not_go_with(fill: Fill, tmp_path: Path, capsys) -> None:
    folder = str(fill(1))
    (tmp_path / "list.txt").write_text("in/000.png\n")
    for words, told in (
        ([folder, "--dry-run"], "--watch and --dry-run exclude each other"),
        ([str(tmp_path / "list.txt")], "--watch goes with a folder or bucket"),
        ([str(tmp_path / "none")], "no such folder"),
    ):
        assert run(["run", *words, "-o", str(tmp_path / "out"), *FAST, "--watch"]) in (2, 3)
        assert told in capsys.readouterr().err
