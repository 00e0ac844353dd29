"""Killed at any moment, a run is gone on with, and gives what it would have given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("av")

from derain import VideoDerainer
from derain.clips.work import ClipJob, ClipOptions, derain_clip
from derain.errors import OutputConflictError
from tests.clips.made import EachFrame, Made, frames, make, read, times

LONG = Made(times=times(40, 512, 200))
SCRIPT = """
import signal, sys, time
from pathlib import Path
from derain.clips.work import ClipJob, ClipOptions, derain_clip
from tests.clips.test_resume import Smoother
source, target = map(Path, sys.argv[1:])
options = ClipOptions(segment=5)
derain_clip(ClipJob(source, {"clean": target}, Smoother(0.05), {"model": 1}, options))
"""


class Smoother:
    """The mean of a frame and its neighbours: two frames late, with the ends as they come."""

    context = 2
    fingerprint = "smoother"

    def __init__(self, seconds: float = 0) -> None:
        self.seconds, self.seen = seconds, 0

    def __call__(self, frames, /):
        window, given = [], 0
        for frame in frames:
            self.seen += 1
            time.sleep(self.seconds)
            window.append(frame)
            if len(window) > 2:
                yield self.at(window, given)
                given += 1
        while given < len(window):
            yield self.at(window, given)
            given += 1

    def at(self, window, place):
        part = window[max(0, place - 2) : place + 3]
        return np.mean(part, axis=0).round().astype(part[0].dtype)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_and_gone_on_with(how: signal.Signals, tmp_path) -> None:
    source, target = make(tmp_path / "a.mp4", LONG), tmp_path / "b.mp4"
    whole = tmp_path / "whole.mp4"
    options = ClipOptions(segment=5)
    derain_clip(ClipJob(source, {"clean": whole}, Smoother(), {"model": 1}, options))
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(source), str(target)],
                             stderr=subprocess.DEVNULL)  # fmt: skip
    place = tmp_path / ".b.mp4.derain"
    deadline = time.monotonic() + 60
    while not (place / "000002.clean").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    started = time.monotonic()
    os.kill(child.pid, how)
    child.wait()
    assert time.monotonic() - started < 1
    assert place.is_dir()
    assert not target.exists()
    told: list[str] = []
    derainer = Smoother()
    done = derain_clip(
        ClipJob(source, {"clean": target}, derainer, {"model": 1}, options, tell=told.append)
    )
    assert 15 <= done.resumed < 40
    assert "going on" in told[0]
    assert derainer.seen == 40 - done.resumed + 2
    assert done.frames == 40
    assert not place.exists()
    assert read(target) == read(whole)
    assert all(np.array_equal(a, b) for a, b in zip(frames(target), frames(whole), strict=True))


def stopped(source, target, settings) -> None:
    """A run that ends after twelve frames."""

    def derain(pixels):
        count.append(0)
        if len(count) > 12:
            raise KeyboardInterrupt
        return pixels

    count: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        derain_clip(
            ClipJob(source, {"clean": target}, EachFrame(derain), settings, ClipOptions(segment=5))
        )


@pytest.mark.parametrize("change", ["input", "settings", "options"])
def test_another_run_is_not_gone_on_with(change: str, tmp_path) -> None:
    source, target = make(tmp_path / "a.mp4", LONG), tmp_path / "b.mp4"
    stopped(source, target, {"model": 1})
    settings, options = {"model": 1}, ClipOptions(segment=5)
    if change == "input":
        make(source, Made(times=LONG.times, rotation=180))
    elif change == "settings":
        settings = {"model": 2}
    else:
        options = ClipOptions(segment=5, crf=40)
    told: list[str] = []
    done = derain_clip(
        ClipJob(
            source, {"clean": target}, EachFrame(lambda p: p), settings, options, tell=told.append
        )
    )
    word = {"options": "encoding"}.get(change, change)
    assert f"discarded, since it was made with another {word}" in told[0]
    assert done.resumed == 0
    assert len(read(target).times) == 40


def test_two_at_one_result(tmp_path) -> None:
    """The second is refused, and the first is not disturbed."""
    source, target = make(tmp_path / "a.mp4", LONG), tmp_path / "b.mp4"
    refused = []

    def derain(pixels):
        if not refused:
            with pytest.raises(OutputConflictError, match=r"b\.mp4: another process") as told:
                derain_clip(
                    ClipJob(source, {"clean": target}, EachFrame(lambda p: p), {}, ClipOptions())
                )
            refused.append(told)
        return pixels

    derain_clip(ClipJob(source, {"clean": target}, EachFrame(derain), {"model": 1}, ClipOptions()))
    assert refused
    assert len(read(target).times) == 40
    assert not list(tmp_path.glob(".*.derain"))


def test_a_half_written_segment_is_made_again(tmp_path) -> None:
    source, target = make(tmp_path / "a.mp4", LONG), tmp_path / "b.mp4"
    stopped(source, target, {"model": 1})
    place = tmp_path / ".b.mp4.derain"
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["input"]["size"] == source.stat().st_size
    (place / ".derain-abcdefgh").write_bytes(b"half")
    done = derain_clip(
        ClipJob(
            source, {"clean": target}, EachFrame(lambda p: p), {"model": 1}, ClipOptions(segment=5)
        )
    )
    assert done.resumed == 10
    assert not place.exists()


def test_memory_is_flat(tmp_path) -> None:
    """No frame is held longer than it is needed."""
    source = make(tmp_path / "a.mp4", Made(times=times(120, 512), size=(320, 240), sound=()))
    import gc
    import weakref

    alive: list[weakref.ref] = []
    most = 0

    def derain(pixels):
        nonlocal most
        alive.append(weakref.ref(pixels))
        most = max(most, sum(ref() is not None for ref in alive))
        return pixels.copy()

    derain_clip(
        ClipJob(source, {"clean": tmp_path / "b.mp4"}, EachFrame(derain), {}, ClipOptions())
    )
    gc.collect()
    assert len(alive) == 120
    assert most < 6


def test_what_ships_goes_on_to_the_same_frames(tmp_path, fast) -> None:
    """A frame hangs on those around it, across the place where a run was ended."""
    source, whole, target = make(tmp_path / "a.mp4", LONG), tmp_path / "w.mp4", tmp_path / "b.mp4"
    options = ClipOptions(segment=5)

    class Stopped(VideoDerainer):
        def __call__(self, rainy):
            for number, frame in enumerate(super().__call__(rainy)):
                if number == 12:
                    raise KeyboardInterrupt
                yield frame

    derain_clip(ClipJob(source, {"clean": whole}, VideoDerainer(fast), {"model": 1}, options))
    with pytest.raises(KeyboardInterrupt):
        derain_clip(ClipJob(source, {"clean": target}, Stopped(fast), {"model": 1}, options))
    done = derain_clip(
        ClipJob(source, {"clean": target}, VideoDerainer(fast), {"model": 1}, options)
    )
    assert done.resumed == 10
    assert all(np.array_equal(a, b) for a, b in zip(frames(target), frames(whole), strict=True))
