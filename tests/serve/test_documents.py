"""The page on the server tells what the server does."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from derain.cli.main import run
from derain.serve.settings import Settings
from tests.docs.markdown import SITE, blocks, commands, rows

(PAGE,) = (page for page in SITE if page.stem == "server")
ADDRESS = "http://127.0.0.1:8000"
EXAMPLE = Path(__file__).parents[2] / "examples" / "rainy.jpg"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current one, with a photo in it."""
    shutil.copy(EXAMPLE, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ten_lines_of_python(
    client: httpx.Client, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block, _ = blocks(PAGE, "py")
    assert block.text.strip().count("\n") < 10
    exec(compile(block.text.replace(ADDRESS, str(client.base_url)), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "fast \n"
    assert (folder / "photo.derained.png").stat().st_size > 1000


def test_a_clip_in_python(
    client: httpx.Client, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av")
    from tests.serve.clips import FRAMES, clip

    clip(folder)
    _, block = blocks(PAGE, "py")
    text = block.text.replace(ADDRESS, str(client.base_url)).replace("sleep(2)", "sleep(0.1)")
    exec(compile(text, str(PAGE), "exec"), {})
    assert capsys.readouterr().out == f"done {FRAMES} frames \n"
    assert (folder / "rain.derained.mp4").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_clip_by_curl(client: httpx.Client, folder: Path) -> None:
    pytest.importorskip("av")
    from tests.serve.clips import clip, ended

    clip(folder)
    send, ask, fetch, remove = (line for line in commands(PAGE) if "/v1/clips" in line)
    base = str(client.base_url)
    told = _run(send.replace(ADDRESS, base))
    address = re.search(r"(?i)^location: (\S+)", told, re.MULTILINE)
    assert address is not None
    job = address[1].rpartition("/")[2]
    ended(client, address[1])
    assert '"done"' in _run(ask.replace(ADDRESS, base).replace("ID", job))
    _run(fetch.replace(ADDRESS, base).replace("ID", job))
    assert (folder / "rain.derained.mp4").stat().st_size > 1000
    _run(remove.replace(ADDRESS, base).replace("ID", job))
    assert client.get(address[1]).status_code == 404


def _run(line: str) -> str:
    done = subprocess.run(shlex.split(line), check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_one_line_of_curl(client: httpx.Client, folder: Path) -> None:
    (line,) = (line for line in commands(PAGE) if line.startswith("curl -F"))
    subprocess.run(shlex.split(line.replace(ADDRESS, str(client.base_url))), check=True)
    made = (folder / "photo.derained.jpg").read_bytes()
    (folder / "photo.derained.jpg").unlink()
    assert run(["photo.jpg", "--model", "fast", "--backend", "onnxruntime", "--threads", "1"]) == 0
    assert (folder / "photo.derained.jpg").read_bytes() == made


def test_every_status_is_explained(client: httpx.Client) -> None:
    pytest.importorskip("av")
    paths = client.get("/openapi.json").json()["paths"]
    described = {
        status
        for path, operations in paths.items() if path.startswith("/v1/")
        for method, operation in operations.items() if method != "parameters"
        for status in operation["responses"]
    }  # fmt: skip
    explained = {row[0] for row in rows(PAGE) if row[0].isdigit() and len(row) == 2}
    # Which a server without a token never says, nor one that takes clips.
    assert explained == {*described, "401", "501"}


def test_defaults(client: httpx.Client) -> None:
    told = {option.strip("`"): row[1] for row in rows(PAGE) for option in row[0].split(", ")}
    defaults = Settings()
    names = (
        "max_megapixels", "max_megabytes", "queue", "deadline", "grace",
        "clip_queue", "max_clip_megabytes", "keep_clips",
    )  # fmt: skip
    for name in names:
        assert told[f"--{name.replace('_', '-')}"] == f"{getattr(defaults, name):g}"
    assert set(told) >= {"model", "strength", "format", "quality", "save"}
