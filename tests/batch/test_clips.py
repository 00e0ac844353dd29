"""Clips in ``derain run``: in segments, gone on with after a kill, each result once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rich.progress
from PIL import Image

pytest.importorskip("av")

from derain import Derainer
from derain.batch import Manifest, open_store
from derain.batch.digests import digest
from derain.batch.once import sha256_of
from derain.batch.places import place_for
from derain.batch.plan import Task
from derain.batch.sources import Located
from derain.batch.stores import Store
from derain.batch.worker import Settings, Worker
from derain.cli.main import run
from derain.clips.animation_work import derain_animation
from derain.clips.derainers import for_clips, settings_of
from derain.clips.work import SEGMENT, ClipJob, ClipOptions, derain_clip
from derain.restore.memory import clip_memory
from derain.restore.room import Room
from tests.batch.conftest import Fill
from tests.batch.test_run import FAST, results, rows
from tests.clips.made import Made, frames, make, read, times
from tests.clips.test_animation import animation, played

SIZE = (64, 48)
SHORT = Made(times=times(6, 512), size=SIZE, sound=())
LONG = Made(times=times(4 * SEGMENT + 5, 512), size=SIZE)
CUT = Made(times=times(24, 40), size=SIZE, base=Fraction(1, 1000), options=(("g", "6"),))
UNIX = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")

KILLED_AT = """
import os, signal, sys
import derain.batch.clips, derain.batch.manifest
from derain.cli.main import run
place, name = {place}, {name!r}
setattr(place, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
run(sys.argv[1:])
"""

WRITTEN_AND_KILLED = """
import os, signal, sys
import derain.batch.clips as clips
from derain.cli.main import run
write = clips.write_once
clips.write_once = lambda *words: (write(*words), os.kill(os.getpid(), signal.SIGKILL))
run(sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files of this test alone, of child processes, too."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(params=["folder", "bucket"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Store, Store]:
    """Where pictures and clips come from, and where they go."""
    if request.param == "folder":
        (tmp_path / "in").mkdir()
        return open_store(str(tmp_path / "in")), open_store(str(tmp_path / "out"))
    address = request.getfixturevalue("bucket")
    return open_store(f"{address}/in"), open_store(f"{address}/out")


@contextmanager
def nothing_derained() -> Iterator[None]:
    def made_clip(*_: Any) -> None:
        raise AssertionError("it is derained again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("derain.clips.work.made_clip", made_clip)
        yield


def made_alone(source: Path, target: Path, derainer: Derainer) -> Path:
    """The result of ``derain CLIP``."""
    settings = settings_of(derainer)
    derain_clip(ClipJob(source, {"clean": target}, for_clips(derainer), settings, ClipOptions()))
    return target


def same_frames(one: Path, other: Path) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(frames(one), frames(other), strict=True))


def told(target: Store) -> list[Any]:
    return list(Manifest(target).rows())


def left(out: Path, temporary: Path) -> list[Path]:
    """What is there beside results and manifests."""
    hidden = [path for path in out.rglob("*") if any(p[0] == "." for p in path.parts[-2:])]
    kept = [out / ".derain", *(out / ".derain").glob("*.jsonl")]
    return [path for path in (*hidden, *temporary.rglob("derain-*/*")) if path not in kept]


def test_beside_pictures(
    fill: Fill, tmp_path: Path, temporary: Path, fast: Derainer, capsys
) -> None:
    """The frames of ``derain CLIP``; rows as those of pictures; a second run does nothing."""
    folder, out = fill(4), tmp_path / "out"
    make(folder / "a.mp4", SHORT)
    rate = Made(times=times(6, 3600), size=SIZE, sound=(), base=Fraction(1, 90000))
    make(folder / "sub" / "b.ts", rate)
    command = ["run", str(folder), "-o", str(out), *FAST, "--format", "jpg", "--jobs", "3"]
    assert run([*command, "--dry-run"]) == 0
    assert "4 pictures and 2 clips to do, 0 done before" in capsys.readouterr().err
    assert run(command) == 0
    made = {"000.jpg", "002.jpg", "sub/001.jpg", "sub/003.jpg", "a.mp4", "sub/b.mkv"}
    assert set(results(out)) == made
    assert same_frames(out / "a.mp4", made_alone(folder / "a.mp4", tmp_path / "a.mp4", fast))
    assert {row["target"] for row in rows(out)} == made
    (row,) = (row for row in rows(out) if row["target"] == "a.mp4")
    assert row["pixels"] == 6 * 64 * 48
    assert row["sha256"] == sha256_of(open_store(str(out)), "a.mp4")
    assert not left(out, temporary)
    assert run(["manifest", "verify", str(out)]) == 0
    assert "6 of 6 results" in capsys.readouterr().out
    before = results(out)
    assert run(command) == 0
    assert results(out) == before
    assert len(rows(out)) == 6
    make(folder / "a.mp4", Made(times=SHORT.times, size=(48, 64), sound=()))
    assert run(command) == 0  # it has changed
    assert next(frames(out / "a.mp4")).shape[:2] == (64, 48)


def test_animated_pictures(tmp_path: Path, temporary: Path, fast: Derainer) -> None:
    """By their names, or by what is in them."""
    folder, out, alone = tmp_path / "in", tmp_path / "out", tmp_path / "alone"
    folder.mkdir(), alone.mkdir()
    for name in ("a.gif", "b.png", "c.webp"):
        animation(folder / name, loop=0)
        derain_animation(folder / name, {"clean": alone / name}, for_clips(fast), lambda *_: None)
    Image.fromarray(np.zeros((40, 48, 3), np.uint8)).save(folder / "still.png")
    assert run(["run", str(folder), "-o", str(out), *FAST]) == 0
    for name in ("a.gif", "b.png", "c.webp"):
        assert (out / name).read_bytes() == (alone / name).read_bytes()
        assert len(played(out / name)[0]) == 5
    assert not left(out, temporary)
    assert run(["run", str(folder), "-o", str(tmp_path / "jpg"), *FAST, "--format", "jpg"]) == 1
    failed = [row for row in rows(tmp_path / "jpg") if row["status"] == "failed"]
    assert {row["source"] for row in failed} == {"b.png", "c.webp"}
    assert all("is no ending for this clip's result" in row["error"] for row in failed)


@UNIX
def test_killed_again_and_again(
    places: tuple[Store, Store], tmp_path: Path, temporary: Path, fast: Derainer
) -> None:
    """kill -9 after every segment: all frames are those of a run that was never stopped."""
    source, target = places
    clip = make(tmp_path / "a.mp4", LONG)
    source.create("sub/a.mp4", clip.read_bytes())
    command = [sys.executable, "-m", "derain", "run", source.uri, "-o", target.uri, *FAST]

    def segments() -> set[str]:
        found = [*tmp_path.rglob("*.clean")]
        return {path.name for path in found if path.parent.name == ".a.mp4.derain"}

    made: set[int] = set()
    for kill in range(1, 4):
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 120
        while len(segments()) < kill and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        _, words = process.communicate()
        assert process.returncode == -signal.SIGKILL, words
        (first,) = tmp_path.rglob("000000.clean")
        made.add(first.stat().st_mtime_ns)
    assert len(made) == 1  # what was there was gone on with
    assert run(["run", source.uri, "-o", target.uri, *FAST, "--attempts", "1"]) == 0
    result = target.local("sub/a.mp4", tmp_path / "made")
    assert same_frames(result, made_alone(clip, tmp_path / "whole.mp4", fast))
    assert read(result).others == read(tmp_path / "whole.mp4").others
    assert [(row.source, row.status) for row in told(target)] == [("sub/a.mp4", "done")]
    assert run(["manifest", "verify", target.uri]) == 0
    assert [entry.name for entry in target.entries()] == ["sub/a.mp4"]
    assert all(entry.name.endswith(".jsonl") for entry in target.entries(".derain"))
    assert not left(tmp_path / "out", temporary)


@UNIX
@pytest.mark.parametrize(
    ("place", "name", "written"),
    [
        ("derain.batch.clips", "write_once", False),
        ("derain.batch.manifest.Manifest", "append", True),
    ],
    ids=["before the result", "before the row"],
)
def test_killed_at_the_end(
    place: str, name: str, written: bool, places: tuple[Store, Store], tmp_path: Path
) -> None:
    """The result is there once, is known again, and no frame is derained twice."""
    source, target = places
    source.create("a.mkv", make(tmp_path / "a.mkv", SHORT).read_bytes())
    words = ["run", source.uri, "-o", target.uri, *FAST]
    script = KILLED_AT.format(place=place, name=name)
    process = subprocess.run([sys.executable, "-c", script, *words], capture_output=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert [entry.name for entry in target.entries()] == (["a.mkv"] if written else [])
    before = target.read("a.mkv") if written else b""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("derain.restore.temporal.stream.restore", None)
        assert run(words) == 0
    if written:
        assert target.read("a.mkv") == before
    (row,) = told(target)
    assert row.done and row.pixels == 6 * 64 * 48 and row.seconds > 0
    assert row.sha256 == sha256_of(target, "a.mkv")
    assert all(entry.name.endswith(".jsonl") for entry in target.entries(".derain"))


@UNIX
def test_killed_before_its_work_was_cleared(
    places: tuple[Store, Store], tmp_path: Path, temporary: Path
) -> None:
    """The next run, which knows the result, does it."""
    source, target = places
    source.create("sub/a.mkv", make(tmp_path / "a.mkv", SHORT).read_bytes())
    words = ["run", source.uri, "-o", target.uri, *FAST]
    command = [sys.executable, "-c", WRITTEN_AND_KILLED, *words]
    process = subprocess.run(command, capture_output=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert left(tmp_path / "out", temporary)
    with nothing_derained():
        assert run(words) == 0
    assert not left(tmp_path / "out", temporary)


@UNIX
def test_killed_at_the_end_and_then_another_clip(places: tuple[Store, Store], tmp_path) -> None:
    """What the killed run wrote of the clip as it was is the run's own, and is replaced."""
    source, target = places
    source.create("a.mkv", make(tmp_path / "a.mkv", SHORT).read_bytes())
    words = ["run", source.uri, "-o", target.uri, *FAST]
    script = KILLED_AT.format(place="derain.batch.manifest.Manifest", name="append")
    process = subprocess.run([sys.executable, "-c", script, *words], capture_output=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    turned = Made(times=SHORT.times, size=(48, 64), sound=())
    source.replace("a.mkv", make(tmp_path / "a.mkv", turned).read_bytes())
    assert run(words) == 0
    assert next(frames(target.local("a.mkv", tmp_path / "made"))).shape[:2] == (64, 48)


def test_damaged_clips(
    places: tuple[Store, Store], tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be had is written, the row says what not; it is done again when it has changed."""
    source, target = places
    whole = make(tmp_path / "a.mkv", CUT).read_bytes()
    source.create("cut.mkv", whole[: len(whole) * 2 // 3])
    source.create("no.mp4", b"no clip at all" * 99)
    words = ["run", source.uri, "-o", target.uri, *FAST]
    assert run(words) == 1
    failed = {row.source: row for row in told(target)}
    assert all(row.status == "failed" for row in failed.values())
    assert f"{source.shown('no.mp4')}: no clip" in failed["no.mp4"].error
    cut = failed["cut.mkv"]
    assert cut.error.startswith(f"{source.shown('cut.mkv')}: damaged: ")
    assert cut.error.endswith(f"frames are in {target.shown('cut.mkv')}")
    assert cut.sha256 == sha256_of(target, "cut.mkv")
    assert [entry.name for entry in target.entries()] == ["cut.mkv"]
    assert str(temporary) not in cut.error + failed["no.mp4"].error
    assert not list(temporary.rglob("derain-*/*"))
    capsys.readouterr()
    assert run(["manifest", "verify", target.uri]) == 0  # of what could be had, too
    assert "1 of 1 results" in capsys.readouterr().out
    with nothing_derained():
        assert run(words) == 1
    assert told(target)[-1].error == cut.error or told(target)[-2].error == cut.error
    source.replace("cut.mkv", whole)
    source.replace("no.mp4", make(tmp_path / "b.mp4", SHORT).read_bytes())
    assert run(words) == 0
    assert len(list(frames(target.local("cut.mkv", tmp_path / "made")))) == 24
    assert all(entry.name.endswith(".jsonl") for entry in target.entries(".derain"))


def test_a_receipt_that_cannot_be_read(places: tuple[Store, Store], tmp_path: Path) -> None:
    """It is as if there were none."""
    source, target = places
    source.create("a.mp4", make(tmp_path / "a.mp4", SHORT).read_bytes())
    receipt = f".derain/{digest('a.mp4'):016x}.clip"
    target.create("a.mp4", b"mine")
    for garbage in (b"\xff\0garbage", b"[]", b'{"source": 3}'):
        target.replace(receipt, garbage)
        assert run(["run", source.uri, "-o", target.uri, *FAST]) == 1
        assert "exists already and is no result of this run" in told(target)[-1].error
    target.remove("a.mp4")
    assert run(["run", source.uri, "-o", target.uri, *FAST]) == 0


def test_nobody_elses_clip_is_written_over(places: tuple[Store, Store], tmp_path: Path) -> None:
    """It is told before the work."""
    source, target = places
    source.create("a.mp4", make(tmp_path / "a.mp4", SHORT).read_bytes())
    target.create("a.mp4", b"mine")
    for _ in range(2):
        with nothing_derained():
            assert run(["run", source.uri, "-o", target.uri, *FAST]) == 1
        assert "exists already and is no result of this run" in told(target)[-1].error
        assert target.read("a.mp4") == b"mine"


def test_a_clip_that_somebody_changed_is_not_written_over(
    places: tuple[Store, Store], tmp_path: Path
) -> None:
    """Neither the result of a whole clip nor what could be had of a damaged one."""
    source, target = places
    whole = make(tmp_path / "cut.mkv", CUT).read_bytes()
    source.create("cut.mkv", whole[: len(whole) * 2 // 3])
    source.create("a.mp4", make(tmp_path / "a.mp4", SHORT).read_bytes())
    words = ["run", source.uri, "-o", target.uri, *FAST]
    assert run(words) == 1
    for name in ("a.mp4", "cut.mkv"):
        target.replace(name, b"cut by hand")
    source.replace("cut.mkv", whole)
    other = Made(times=SHORT.times, size=(48, 64), sound=())
    source.replace("a.mp4", make(tmp_path / "a.mp4", other).read_bytes())
    with nothing_derained():
        assert run(words) == 1
    for row in told(target)[-2:]:
        assert "exists already and is no result of this run" in row.error
        assert target.read(row.target) == b"cut by hand"


def test_two_processes_at_one_clip(places: tuple[Store, Store], tmp_path: Path, fast) -> None:
    """The second one leaves it to the first, which is not disturbed."""
    source, target = places
    source.create("a.mp4", make(tmp_path / "a.mp4", SHORT).read_bytes())
    words = ["run", source.uri, "-o", target.uri, *FAST]

    class Second:
        """Frames in the middle of which another process begins."""

        def __init__(self, stream: Any) -> None:
            self.stream, self.context = stream, stream.context
            self.fingerprint = stream.fingerprint

        def __call__(self, rainy: Any) -> Iterator[Any]:
            for number, frame in enumerate(self.stream(rainy)):
                if number == 3:
                    assert run(words) == 1
                yield frame

    with place_for(source, "a.mp4", target, "a.mp4") as place:
        derain_clip(ClipJob(place.source, {"clean": place.result}, Second(for_clips(fast)),
                    {}, ClipOptions()))  # fmt: skip
    (row,) = told(target)
    assert row.error == f"{target.shown('a.mp4')}: another process is at work on it; " \
        "wait for it, or stop it"  # fmt: skip


def test_names_that_meet(fill: Fill, tmp_path: Path, capsys) -> None:
    folder = fill(1)
    for name in ("000.mp4", "000.mkv", "000.gif"):
        (folder / name).write_bytes(b"")
    words = ["run", str(folder), "-o", str(tmp_path / "out"), *FAST]
    assert run([*words, "--dry-run"]) == 0
    (folder / "000.avi").write_bytes(b"")
    assert run(words) == 7
    assert "000.avi and 000.mkv would both be written to 000.mkv; rename one\n" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_without_the_extra(fill: Fill, tmp_path: Path, monkeypatch, capsys) -> None:
    """Clips are counted, and it is told what they need."""
    monkeypatch.setattr("derain.clips.extra.video_installed", lambda: False)
    monkeypatch.setattr("derain.batch.worker.video_installed", lambda: False)
    folder, out = fill(1), tmp_path / "out"
    make(folder / "a.mp4", SHORT)
    assert run(["run", str(folder), "-o", str(out), *FAST]) == 0
    assert "(1 clips); for clips: pip install 'derain[video]'" in capsys.readouterr().err
    assert set(results(out)) == {"000.png"}
    (folder / "000.png").unlink()
    assert run(["run", str(folder), "-o", str(tmp_path / "two"), *FAST]) == 3
    assert "holds no pictures; for its clips: pip install" in capsys.readouterr().err


def test_pictures_while_opencv_is_imported(fill: Fill, tmp_path: Path) -> None:
    """By another thread, for a clip: for a moment it is a module that nobody can ask for."""
    from derain.opencv import opencv

    place = str(fill(1))
    worker = Worker(Settings(str(tmp_path / "out"), model="fast", backend="onnxruntime"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opencv(), "__spec__", None)
        row = worker(Task(Located(place, "000.png", "000.png"), "000.png"))
    assert row.done, row.error


def test_a_clip_takes_its_memory_from_that_of_pictures(tmp_path: Path, monkeypatch) -> None:
    """One room for all: where a clip needs all of it, a picture waits."""
    held: list[int] = []

    class Watched(Room):
        @contextmanager
        def hold(self, size: int) -> Iterator[None]:
            with super().hold(size):
                held.append(size)
                yield

    (tmp_path / "in").mkdir()
    make(tmp_path / "in" / "a.mp4", SHORT)
    monkeypatch.setattr("derain.batch.worker.picture_room", lambda: Watched(1 << 30))
    assert run(["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *FAST]) == 0
    assert held == [clip_memory(*SIZE)]


def test_clips_that_come_back_as_they_were(tmp_path: Path, monkeypatch, capsys) -> None:
    """Of all kinds, and only where no frame changed; one that was gone on with is not known."""
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder / "a.mkv", SHORT)
    animation(folder / "b.gif", loop=0)
    command = ["run", str(folder), *FAST, "--quiet"]

    def last_changed(frames: Iterator[Any]) -> Iterator[Any]:
        kept = list(frames)
        return iter([*kept[:-1], 255 - kept[-1]])

    for name, derain, unchanged in (("same", iter, True), ("other", last_changed, False)):
        stream = SimpleNamespace(context=0, fingerprint=name)
        monkeypatch.setattr(
            "derain.batch.clips.for_clips",
            lambda _, d=derain, s=stream: type("Stream", (), {
                **vars(s), "__call__": staticmethod(d)})(),
        )  # fmt: skip
        assert run([*command, "-o", str(tmp_path / name)]) == 0
        assert ("no pixel was changed" in capsys.readouterr().err) == unchanged
        assert [row.get("unchanged", False) for row in rows(tmp_path / name)] == [unchanged] * 2


def test_frames_of_a_clip_at_work_are_in_the_progress_line(tmp_path: Path, monkeypatch) -> None:
    """Until its row comes; clips and pictures count together."""
    (tmp_path / "in").mkdir()
    make(tmp_path / "in" / "a.mp4", SHORT)
    animation(tmp_path / "in" / "b.gif", loop=0)
    seen: list[tuple[float, str]] = []
    update = rich.progress.Progress.update

    def watched(self: Any, task: Any, **told: Any) -> None:
        seen.append((told["completed"], told["rate"].partition(" MP/s")[2]))
        update(self, task, **told)

    monkeypatch.setattr(rich.progress.Progress, "update", watched)
    command = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *FAST, "--jobs", "1"]
    assert run(command) == 0
    clip = [(done / 6, f", {done}/6 frames") for done in range(1, 7)]
    # The second may begin before the first one's row has come, and then both count.
    alone = {(1 + done / 5, f", {done}/5 frames") for done in range(1, 6)}
    together = {(1 + done / 5, f", {6 + done}/11 frames") for done in range(1, 6)}
    assert seen[:7] == [(0, ""), *clip] and seen[-1] == (2, "")
    assert set(seen[7:-1]) <= {(1, ""), *alone, *together}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_list_of_clips(bucket: str, tmp_path: Path) -> None:
    """A clip of a bucket into a folder, and one of a folder; a list knows no versions."""
    data = make(tmp_path / "a.mp4", SHORT).read_bytes()
    open_store(bucket).create("raw/b.mp4", data)
    names, out = tmp_path / "names.txt", tmp_path / "out"
    names.write_text(f"a.mp4\n{bucket}/raw/b.mp4\n")
    assert run(["run", str(names), "-o", str(out), *FAST]) == 0
    other = f"{bucket.removeprefix('s3://')}/raw/b.mp4"
    assert set(results(out)) == {"a.mp4", other}
    assert same_frames(out / "a.mp4", out / other)


def test_shards(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in "abcd":
        make(folder / f"{name}.mp4", SHORT)
    for index in range(2):
        assert run(["run", str(folder), "-o", str(out), *FAST, "--shard", f"{index}/2"]) == 0
    assert Counter(row["source"] for row in rows(out)) == dict.fromkeys(
        ("a.mp4", "b.mp4", "c.mp4", "d.mp4"), 1
    )
    assert run(["manifest", "verify", str(out)]) == 0


def test_on_ray(cluster: Any, fill: Fill, tmp_path: Path, fast: Derainer) -> None:
    folder, out = fill(2), tmp_path / "out"
    make(folder / "a.mp4", SHORT)
    words = ["run", str(folder), "-o", str(out), *FAST, "--ray", cluster.address]
    assert run(words) == 0
    assert set(results(out)) == {"000.png", "sub/001.png", "a.mp4"}
    assert same_frames(out / "a.mp4", made_alone(folder / "a.mp4", tmp_path / "a.mp4", fast))
    assert not left(out, tmp_path / "temporary")


def test_rows_of_a_bucket_are_not_held_back_for_long(
    bucket: str,
    monkeypatch,
) -> None:
    """The next row, a long clip's, may be hours away."""
    from derain.batch import Row

    monkeypatch.setattr("derain.batch.manifest._SECONDS", 0.05)
    target = open_store(bucket)
    manifest = Manifest(target, {})
    manifest.open((0, 1))
    manifest.append(Row("a.png", "1", "a.png", "done"))
    deadline = time.monotonic() + 30
    while not told(target):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    manifest.append(Row("b.mp4", "1", "b.mp4", "done"))
    assert [row.source for row in told(target)] == ["a.png", "b.mp4"]  # a clip's at once
    manifest.close()
    assert json.loads(target.read(".derain/00000-of-00001/000000.jsonl").splitlines()[0])
