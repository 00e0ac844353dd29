"""A signal ends a run at once, not after its tile."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import Derainer

Pixels = NDArray[np.uint8]

LONGEST = 2.5
"""Seconds from a signal to the end: one, and patience for busy machines."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[Callable[[], float]]:
    """Ctrl-C after so long; gives what tells how long ago that was."""
    sent: list[float] = []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, send)
    timer.start()
    try:
        yield lambda: time.monotonic() - sent[0]
    finally:
        timer.cancel()


@pytest.fixture(scope="module")
def large(rainy: Pixels) -> Pixels:
    """3 megapixels, which are one tile: seconds of work."""
    return np.tile(rainy, (6, 8, 1))


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.alone
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "torch"])
def test_ctrl_c_ends_a_tile(backend: str, large: Pixels, rainy: Pixels) -> None:
    derainer = Derainer("base", backend=backend, device="cpu", threads=1, memory=4 << 30)
    small = derainer(rainy)
    began = time.monotonic()
    with interrupted_after(2) as since, pytest.raises(KeyboardInterrupt):
        derainer(large)
    assert since() < LONGEST
    assert time.monotonic() - began < 2 + LONGEST + 1
    assert np.array_equal(derainer(rainy), small)  # usable as before


def test_other_threads_are_none_of_its_business(fast: Derainer, rainy: Pixels) -> None:
    expected = fast(rainy)
    with ThreadPoolExecutor(2) as pool:
        for clean in pool.map(fast, [rainy] * 4):
            assert np.array_equal(clean, expected)


def test_others_can_end_a_tile(large: Pixels, rainy: Pixels) -> None:
    """In a thread that no signal comes to, by what somebody asks ten times a second."""
    from derain.restore.interrupt import ended_by

    derainer = Derainer("base", backend="onnxruntime", threads=1, memory=4 << 30)
    small, ended = derainer(rainy), threading.Event()

    def check() -> None:
        if ended.is_set():
            raise TimeoutError

    def work() -> None:
        with ended_by(check):
            derainer(large)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(work)
        time.sleep(1)
        assert not job.done()
        ended.set()
        assert isinstance(job.exception(LONGEST), TimeoutError)
        assert np.array_equal(pool.submit(derainer, rainy).result(), small)


def _endless() -> bytes:
    """Compiled code that holds on to its thread, but not to the interpreter's lock."""
    return hashlib.pbkdf2_hmac("sha256", b"", b"", 3_000_000)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.alone
def test_what_cannot_be_cancelled_is_left_behind() -> None:
    from derain.restore.interrupt import interruptible

    assert interruptible(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    with interrupted_after(0.2) as since, pytest.raises(KeyboardInterrupt):
        interruptible(_endless)
    assert since() < 1


SCRIPT = """
import hashlib, sys
import derain.media
def encode(*_):
    print("encoding", flush=True)
    return hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
if "--slow-encoder" in sys.argv:
    sys.argv.remove("--slow-encoder")
    derain.media.encode_picture = encode
from derain.cli.main import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_command_ends_at_once(
    number: signal.Signals, large: Pixels, save: Callable[..., Path], tmp_path: Path
) -> None:
    path = save("in/a.png", large)
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        str(path),
        "--backend",
        "onnxruntime",
        "--threads",
        "1",
    ]
    _ended_by(number, command, lambda _: time.sleep(3))
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["a.png"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_the_command_ends_while_it_encodes(
    rainy: Pixels, save: Callable[..., Path], tmp_path: Path
) -> None:
    path = save("in/a.png", rainy)
    command = [sys.executable, "-c", SCRIPT, str(path), "--model", "fast", "--slow-encoder"]
    _ended_by(signal.SIGINT, command, lambda process: process.stdout.readline())
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["a.png"]


def _ended_by(
    number: signal.Signals, command: list[str], wait: Callable[[subprocess.Popen[str]], object]
) -> None:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            wait(process)
            assert process.poll() is None
            process.send_signal(number)
            _, told = process.communicate(timeout=LONGEST)
        finally:
            process.kill()
    assert process.returncode == 130
    assert told == "derain: interrupted; everything finished before is kept\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.15])
def test_no_traceback_while_it_starts(seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "derain", "--help"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if "cyclopts" in line:  # the command line's library is being loaded
                break
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
    assert process.returncode in (0, 130)
    assert "Traceback" not in told
