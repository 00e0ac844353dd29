"""The process: what becomes of clips when it is told to stop, or is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("av")

from derain.cli.main import run
from derain.serve.clips.folder import private_folder
from tests.serve.clips import clip, ended, left, long_clip, sent, status
from tests.serve.conftest import becomes
from tests.serve.test_stop import process

unix = pytest.mark.skipif(os.name == "nt", reason="signals of Unix")


@unix
def test_what_is_not_finished_is_cut_and_told(tmp_path: Path) -> None:
    """At once, while its client can still ask; nothing is left on the disk."""
    folder = tmp_path / "kept"
    with process("--model", "fast", "--clip-folder", str(folder)) as (child, client):
        finished = sent(client, clip(tmp_path))
        assert ended(client, finished)["status"] == "done"
        working, waiting = sent(client, data := long_clip(tmp_path)), sent(client, data)
        assert becomes(lambda: client.get(working).json()["frames_done"] > 0, 30)
        child.send_signal(signal.SIGTERM)
        assert becomes(lambda: status(client, working) == "cancelled")
        cut = client.get(working).json()
        assert "about to stop" in cut["problem"]
        assert cut["seconds_kept"] is None
        assert client.get(finished).json()["seconds_kept"] is None
        refused = client.post("/v1/clips", content=data)
        assert refused.status_code == 503
        assert client.get(f"{waiting}/result").status_code == 409
        assert client.get(f"{finished}/result").status_code == 200
        assert status(client, waiting) == "cancelled"
        assert child.wait(20) == 130
        told = child.stderr.read()  # type: ignore[union-attr]
    assert "2 clips were not finished, 0 finished ones were never asked for" in told
    assert "Traceback" not in told
    assert not list(folder.iterdir())


@unix
def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    """By the next one, which touches nothing of one that runs, nor of anybody else's."""
    folder = tmp_path / "kept"
    others = folder / "derain-clips-notes"
    with process("--model", "fast", "--clip-folder", str(folder)) as (child, client):
        sent(client, long_clip(tmp_path))
        child.kill()
        child.wait(10)
        assert left(folder)
    others.mkdir()
    with private_folder(folder) as running:
        assert {running, others} == {path for path in folder.iterdir() if path.is_dir()}
        with private_folder(folder) as second:
            both = {running, others, second}
            assert both == {path for path in folder.iterdir() if path.is_dir()}
    assert list(folder.iterdir()) == [others]


@unix
def test_its_folder_is_private(tmp_path: Path) -> None:
    with private_folder(tmp_path / "new" / "folder") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700


@unix
def test_a_link_of_somebody_else_is_not_followed(tmp_path: Path) -> None:
    """In a folder for all, names mean nothing."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("here")
    (tmp_path / "derain-clips-0123456789abcdef").symlink_to(precious)
    with private_folder(tmp_path):
        pass
    assert (precious / "file").read_text() == "here"


@unix
def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    arguments = ["serve", "--port", "0", "--model", "fast"]
    assert run([*arguments, "--clip-folder", str(tmp_path / "file" / "kept")]) != 0
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "Traceback" not in told
