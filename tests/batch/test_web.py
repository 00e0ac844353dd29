"""Lists of addresses of a web server, pictures and clips, in ``derain run``."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from derain import Derainer
from derain.batch import open_store
from derain.batch.stores.bucket import Bucket
from derain.cli.main import run
from tests.batch.conftest import Fill
from tests.batch.test_run import FAST, results, rows

pytest.importorskip("obstore")


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder; it may tell no times."""

    times = True

    def send_header(self, keyword: str, value: str) -> None:
        if self.times or keyword != "Last-Modified":
            super().send_header(keyword, value)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of what lies in ``web``."""
    (tmp_path / "web" / "a b").mkdir(parents=True)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "web"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_pictures_and_clips(
    web: str, fill: Fill, tmp_path: Path, fast: Derainer, monkeypatch
) -> None:
    """The results of the same files in a folder; one that is not there is a failed row."""
    pytest.importorskip("av")
    from tests.batch.test_clips import SHORT, left, made_alone, same_frames
    from tests.clips.made import make

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    folder = tmp_path / "web" / "a b"
    picture, clip = fill(1) / "000.png", make(folder / "c d.mp4", SHORT)
    (folder / "000.png").write_bytes(picture.read_bytes())
    names, out = tmp_path / "names.txt", tmp_path / "out"
    names.write_text(f"{web}/a%20b/000.png\n{web}/a%20b/c%20d.mp4\n{web}/none.mp4\n")
    assert run(["run", str(names), "-o", str(out), *FAST]) == 1
    host = web.removeprefix("http://")
    assert set(results(out)) == {f"{host}/a b/000.png", f"{host}/a b/c d.mp4"}
    assert same_frames(out / host / "a b" / "c d.mp4", made_alone(clip, tmp_path / "e.mp4", fast))
    (failed,) = (row for row in rows(out) if row["status"] == "failed")
    assert failed["error"] == f"{web}/none.mp4: no such object"
    assert not left(out, temporary)
    before = results(out)
    names.write_text("".join(names.read_text().splitlines(keepends=True)[:2]))
    assert run(["run", str(names), "-o", str(out), *FAST]) == 0
    assert results(out) == before
    assert len(rows(out)) == 3


def test_what_is_told_of_the_web(web: str, fill: Fill, tmp_path: Path, capsys) -> None:
    names, out = tmp_path / "names.txt", str(tmp_path / "out")
    names.write_text(f"{web}/a.jpg?signature=1\n")
    for words, told in (
        ([str(names), "-o", out], f"{names}: {web}/a.jpg?signature=1: addresses with a query (?)"),
        ([web, "-o", out], f"{web}: a web server names no files"),
        ([str(fill(1)), "-o", web], f"{web}: a web server names no files and takes none"),
    ):
        assert run(["run", *words, *FAST]) == 2
        line = capsys.readouterr().err
        assert told in line
        assert line.count("\n") == 1


def test_copies_are_kept_only_where_a_time_is_told(web: str, tmp_path: Path, monkeypatch) -> None:
    """Another file of the same size is another one."""
    file, store = tmp_path / "web" / "a.mp4", open_store(web)
    for times in (True, False):
        monkeypatch.setattr(Handler, "times", times)
        file.write_bytes(b"one")
        copy = store.local("a.mp4", tmp_path / "here")
        kept = copy.stat().st_ino
        assert (store.local("a.mp4", tmp_path / "here").stat().st_ino == kept) == times
    file.write_bytes(b"two")
    assert store.local("a.mp4", tmp_path / "here").read_bytes() == b"two"


def test_a_public_bucket_by_its_address_on_the_web_is_a_web_server(monkeypatch) -> None:
    """obstore would guess the provider, and ask for credentials."""
    store = Bucket("https://footage.s3.eu-central-1.amazonaws.com")
    assert type(store._store).__name__ == "HTTPStore"
