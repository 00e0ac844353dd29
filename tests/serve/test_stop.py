"""The process: what it ends with, and what becomes of work when it is told to stop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from derain.cli.main import run
from derain.serve.server import listen
from tests.serve.conftest import becomes, encoded, shown

Pixels = NDArray[np.uint8]

unix = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """``derain serve`` as people run it, ready, and a client."""
    command = [sys.executable, "-m", "derain", "serve", "--port", "0", "--threads", "1"]
    command += ["--backend", "onnxruntime", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stderr is not None
            address = next(
                found[0] for line in child.stderr if (found := re.search("http://[^/]+", line))
            )
            with httpx.Client(base_url=address, timeout=60) as client:
                assert becomes(lambda: client.get("/readyz").status_code == 200)
                yield child, client
        finally:
            child.kill()


class Sending(threading.Thread):
    """A request that is under way."""

    def __init__(self, client: httpx.Client, data: bytes) -> None:
        super().__init__()
        self._address, self._data = f"{client.base_url}/v1/derain", data
        self.answer: httpx.Response | None = None

    def run(self) -> None:
        with suppress(httpx.HTTPError):
            self.answer = httpx.post(self._address, content=self._data, timeout=60)


@contextmanager
def sending(client: httpx.Client, data: bytes) -> Iterator[Sending]:
    """A request that is being worked on."""
    thread = Sending(client, data)
    thread.start()
    assert becomes(lambda: shown(client, "derain_queue") == 1)
    yield thread
    thread.join(30)
    assert not thread.is_alive()


@unix
def test_work_under_way_is_finished(photos: list[Pixels]) -> None:
    """Meanwhile nothing new is taken, and who asks is told."""
    data = encoded(np.tile(photos[2], (2, 2, 1)))
    with process("--model", "base") as (child, client):
        with sending(client, data) as thread:
            child.send_signal(signal.SIGTERM)
            assert becomes(lambda: client.get("/readyz").status_code == 503)
            refused = client.post("/v1/derain", content=data)
            assert refused.status_code == 503
            assert "about to stop" in refused.json()["error"]
            assert client.get("/healthz").status_code == 200
        assert thread.answer is not None
        assert thread.answer.status_code == 200
        assert child.wait(10) == 0
        told = child.stderr.read()  # type: ignore[union-attr]
    assert "Traceback" not in told


@unix
def test_work_that_takes_longer_is_cut(large: bytes) -> None:
    with process("--model", "base", "--grace", "0.2") as (child, client):
        with sending(client, large) as thread:
            child.send_signal(signal.SIGTERM)
        assert thread.answer is not None
        assert thread.answer.status_code == 503
        assert "about to stop" in thread.answer.json()["error"]
        assert child.wait(10) == 130
        assert "Traceback" not in child.stderr.read()  # type: ignore[union-attr]


@unix
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(second: signal.Signals, large: bytes) -> None:
    with process("--model", "base") as (child, client), sending(client, large) as thread:
        child.send_signal(signal.SIGTERM)
        assert becomes(lambda: client.get("/readyz").status_code == 503)
        child.send_signal(second)
        assert child.wait(3) == 130
    assert thread.answer is None


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert run(["serve", "--port", port]) == 2
    assert "give another --host or --port" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "70000"),
        ("--host", "no.such.host.invalid"),
        ("--memory", "100"),
        ("--queue", "0"),
        ("--deadline", "0"),
        ("--deadline", "nan"),
        ("--grace", "inf"),
        ("--max-megapixels", "-1"),
        ("--max-megabytes", "inf"),
        ("--clip-queue", "-1"),
        ("--max-clip-megabytes", "0"),
        ("--clip-disk", "0"),
        ("--keep-clips", "nan"),
    ],
)
def test_options_that_make_no_sense(
    options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", *options]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "internal" not in told


def test_a_model_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", "0", "--model", "best"]) == 8
    assert "known: base, fast" in capsys.readouterr().err


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ImportError('no', name='starlette')")
    done = subprocess.run(
        [sys.executable, "-m", "derain", "serve"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))},
    )  # fmt: skip
    assert done.returncode == 12
    assert done.stderr == "derain: starlette is not installed: pip install 'derain[serve]'\n"
