"""The page on the server tells what the server does."""

from __future__ import annotations

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
    (block,) = blocks(PAGE, "py")
    assert block.text.strip().count("\n") < 10
    exec(compile(block.text.replace(ADDRESS, str(client.base_url)), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == "fast \n"
    assert (folder / "photo.derained.png").stat().st_size > 1000


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_one_line_of_curl(client: httpx.Client, folder: Path) -> None:
    (line,) = (line for line in commands(PAGE) if line.startswith("curl -F"))
    subprocess.run(shlex.split(line.replace(ADDRESS, str(client.base_url))), check=True)
    made = (folder / "photo.derained.jpg").read_bytes()
    (folder / "photo.derained.jpg").unlink()
    assert run(["photo.jpg", "--model", "fast", "--backend", "onnxruntime", "--threads", "1"]) == 0
    assert (folder / "photo.derained.jpg").read_bytes() == made


def test_every_status_is_explained(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()["paths"]["/v1/derain"]["post"]["responses"]
    explained = {row[0] for row in rows(PAGE) if row[0].isdigit() and len(row) == 2}
    assert explained == {*described, "401"}  # which a server without a token never says


def test_defaults(client: httpx.Client) -> None:
    told = {option.strip("`"): row[1] for row in rows(PAGE) for option in row[0].split(", ")}
    defaults = Settings()
    for name in ("max_megapixels", "max_megabytes", "queue", "deadline", "grace"):
        assert told[f"--{name.replace('_', '-')}"] == f"{getattr(defaults, name):g}"
    assert set(told) >= {"model", "strength", "format", "quality", "save"}
