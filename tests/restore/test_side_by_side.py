"""Pictures at once share one process's memory and processors, and come out as alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import Derainer, UsageError
from derain.restore import memory
from derain.restore.backends import Backend, make_backend
from derain.restore.backends.onnxruntime import open_session
from derain.restore.jobs import group_processors, processors, threads_each
from derain.restore.memory import shared_budget
from derain.restore.room import Room
from derain.zoo import load_model

Pixels = NDArray[np.uint8]
Planes = NDArray[np.float32]
MIB = 1 << 20


class Watched:
    """A real backend that tells how many pixels were ever at work at once."""

    name, device, precision = "watched", "cpu", "float32"

    def __init__(self) -> None:
        self._inner = make_backend(load_model("fast"), "onnxruntime", threads=1)
        self._lock, self._now = threading.Lock(), 0
        self.most = self.runs = 0

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        pixels = rainy.shape[1] * rainy.shape[2]
        with self._lock:
            self._now += pixels
            self.most, self.runs = max(self.most, self._now), self.runs + 1
        try:
            return self._inner.run(rainy)
        finally:
            with self._lock:
                self._now -= pixels

    def in_float32(self) -> Backend:
        return self


@pytest.fixture
def mixed(rainy: Pixels) -> list[Pixels]:
    """Small pictures, and two that do not fit into one tile of 60 MiB."""
    wide = np.tile(rainy, (2, 2, 1))
    return [rainy[:96], wide, rainy[:, :160], rainy[64:], wide[:, ::-1], rainy[:200, :200]]


def test_memory_is_shared_and_pictures_are_the_same(mixed: list[Pixels]) -> None:
    """Whatever is at work beside a picture, it is cut as it is alone."""
    budget, card = 100 * MIB, load_model("fast").card
    alone = Watched()
    expected = [Derainer("fast", backend=alone, memory=budget)(picture) for picture in mixed]
    assert alone.runs > len(mixed)  # some were cut
    watched = Watched()
    derainer = Derainer("fast", backend=watched, memory=budget, jobs=3)
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(derainer, mixed * 2))
    assert all(np.array_equal(a, b) for a, b in zip(made, expected * 2, strict=True))
    assert watched.runs == 2 * alone.runs
    assert watched.most * card.bytes_per_pixel <= budget
    assert watched.most > 256 * 256  # yet not one after the other


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "torch"])
def test_threads_change_no_bit(backend: str, mixed: list[Pixels]) -> None:
    pytest.importorskip(backend)
    alone = Derainer("fast", backend=backend, device="cpu", memory=100 * MIB)
    shared = Derainer("fast", backend=backend, device="cpu", memory=100 * MIB, jobs=2)
    with ThreadPoolExecutor(2) as pool:
        for made, picture in zip(pool.map(shared, mixed[:3]), mixed, strict=False):
            assert np.array_equal(made, alone(picture))
    assert shared.alone().backend == alone.backend
    assert alone.alone() is alone
    with pytest.raises(UsageError, match="jobs must be a whole number"):
        Derainer("fast", jobs=0)


def test_threads_that_begin_together_do_not_wait_for_each_other_for_ever() -> None:
    """The first use of OpenVINO's tensors sets something up, and must not be in two threads."""
    pytest.importorskip("openvino")
    program = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from derain import Derainer
derainer = Derainer("fast", backend="openvino", jobs=4, threads=1)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(derainer, [np.zeros((32, 32, 3), np.uint8)] * 4))
"""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", program], check=True, timeout=100)


def test_openvino_has_a_stream_for_each() -> None:
    """Otherwise it does one picture after the other, whatever threads ask."""
    pytest.importorskip("openvino")
    from derain.restore.backends.openvino import OpenVinoBackend

    if processors() < 2:
        pytest.skip("a processor has one stream")
    backend = OpenVinoBackend(load_model("fast"), jobs=2)
    assert backend._compiled.get_property("NUM_STREAMS") == 2


def test_threads_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derain.restore.jobs.processors", lambda: 16)
    assert threads_each(0, 1) == 0  # the engine's own choice
    assert [threads_each(0, 4), threads_each(0, 16), threads_each(0, 30)] == [4, 1, 1]
    assert [threads_each(6, 1), threads_each(6, 4)] == [6, 1]


def test_processors_of_a_container(tmp_path: Path) -> None:
    """By its quota, the tightest on the way up; part of one is one."""
    groups, mounts = tmp_path / "cgroup", tmp_path / "fs"
    groups.write_text("4:cpu,cpuacct:/old\n0::/system/box\n")
    assert group_processors(groups, mounts) is None
    for path, text in (
        ("system/box/cpu.max", "max 100000"), ("system/cpu.max", "650000 100000"),
        ("cpu/old/cpu.cfs_quota_us", "-1"), ("cpu/old/cpu.cfs_period_us", "100000"),
    ):  # fmt: skip
        (mounts / path).parent.mkdir(parents=True, exist_ok=True)
        (mounts / path).write_text(text + "\n")
    assert group_processors(groups, mounts) == 7
    (mounts / "system/box/cpu.max").write_text("50000 100000\n")
    assert group_processors(groups, mounts) == 1
    (mounts / "system/box/cpu.max").unlink()
    (mounts / "cpu/old/cpu.cfs_quota_us").write_text("200000\n")
    assert group_processors(groups, mounts) == 2


def test_no_more_threads_than_a_container_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime counts the machine's: those too many wait for the others, spinning."""
    monkeypatch.setattr("derain.restore.jobs.os.cpu_count", lambda: 8)
    for here, asked, threads in ((3, 0, 3), (3, 5, 5), (8, 0, 0)):
        monkeypatch.setattr("derain.restore.jobs.processors", lambda here=here: here)
        options = open_session(load_model("fast"), asked).get_session_options()
        assert options.intra_op_num_threads == threads


def test_budgets_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """One each, as long as there is memory; never less than one picture alone takes."""
    for free, jobs, total in ((64, 4, 4096), (64, 16, 16384), (8, 4, 2048), (2, 4, 512)):
        monkeypatch.setattr(memory, "free_memory", lambda free=free: free * 1024 * MIB)
        assert shared_budget(jobs) == total * MIB
    monkeypatch.setattr(memory, "free_memory", lambda: 512 * MIB)
    assert shared_budget(4) == 256 * MIB


def test_a_room_is_never_too_full_and_large_ones_get_their_turn() -> None:
    room, lock, taken, most = Room(100), threading.Lock(), 0, 0

    def work(size: int) -> None:
        nonlocal taken, most
        with room.hold(size):
            with lock:
                taken += min(size, 100)
                most = max(most, taken)
            time.sleep(0.001)
            with lock:
                taken -= min(size, 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [30, 40, 100, 10, 250, 60] * 10))
    assert taken == 0
    assert 60 < most <= 100
    started, order = threading.Event(), []

    def large() -> None:
        started.set()
        with room.hold(100):
            order.append("large")

    with room.hold(10):
        waits = threading.Thread(target=large)
        waits.start()
        started.wait()
        time.sleep(0.05)
        after = threading.Thread(target=lambda: room.hold(10).__enter__() or order.append("small"))
        after.start()
        time.sleep(0.05)
        assert order == []  # it fits, but came after the large one
    waits.join(10), after.join(10)
    assert order == ["large", "small"]
