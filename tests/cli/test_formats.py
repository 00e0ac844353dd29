"""--format, --quality and --dry-run: what is written, and what would be."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from derain import Derainer, UsageError
from derain.cli.main import run
from derain.media import read_picture

Pixels = NDArray[np.uint8]
Save = Callable[..., Path]
FAST = ("--model", "fast", "--backend", "onnxruntime")
HEIC = Path(__file__).parents[1] / "media" / "p3.heic"


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("word", ["webp", ".webp", "WEBP"])
def test_another_format(save: Save, rainy: Pixels, tmp_path: Path, word: str) -> None:
    path = save("a.png", rainy)
    assert run([str(path), *FAST, "--format", word, "--save-rain", "--compare"]) == 0
    assert names(tmp_path) == [
        "a.derained.compare.webp", "a.derained.rain.png", "a.derained.webp", "a.png",
    ]  # fmt: skip
    assert read_picture(tmp_path / "a.derained.webp").format == "WEBP"


def test_a_folder_in_another_format(save: Save, rainy: Pixels, tmp_path: Path, capsys) -> None:
    for name in ("in/a.png", "in/sub/b.jpg", "in/sub/b.png"):
        save(name, rainy[:32, :32])
    assert run([str(tmp_path / "in"), *FAST, "-r", "--format", "jpg"]) == 1
    assert names(tmp_path / "in-derained") == ["a.jpg", "sub/b.jpg"]
    assert "would both be written to" in capsys.readouterr().err.replace("\n", "")
    # What an earlier run made in another format is no input of the next one.
    assert run([str(tmp_path / "in" / "a.png"), *FAST, "--format", "jpg"]) == 0
    assert run([str(tmp_path / "in" / "a*"), *FAST, "--format", "jpg", "--overwrite"]) == 0
    assert names(tmp_path / "in") == ["a.derained.jpg", "a.png", "sub/b.jpg", "sub/b.png"]


def test_streams_in_another_format(save: Save, rainy: Pixels, monkeypatch) -> None:
    import io
    import sys

    class Stream:
        def __init__(self, content: bytes = b"") -> None:
            self.buffer = io.BytesIO(content)

    out = Stream()
    monkeypatch.setattr(sys, "stdin", Stream(save("a.png", rainy).read_bytes()))
    monkeypatch.setattr(sys, "stdout", out)
    assert run(["-", *FAST, "--format", "jpg"]) == 0
    assert out.buffer.getvalue().startswith(b"\xff\xd8")


def test_quality(save: Save, rainy: Pixels, tmp_path: Path, fast: Derainer) -> None:
    path = save("a.jpg", rainy, quality=60)
    sizes = {}
    for quality in (30, 95, 100):
        assert run([str(path), *FAST, "--quality", str(quality), "--overwrite"]) == 0
        with Image.open(tmp_path / "a.derained.jpg") as image:
            sizes[quality] = image.quantization  # type: ignore[attr-defined]
    for quality, tables in sizes.items():
        reference = tmp_path / "reference.jpg"
        Image.fromarray(rainy).save(reference, quality=quality)
        with Image.open(reference) as image:
            assert tables == image.quantization  # type: ignore[attr-defined]
    # WebP without loss stays so, unless a quality is asked for.
    webp = save("b.webp", rainy, lossless=True)
    assert run([str(webp), *FAST, "-o", str(tmp_path / "c.webp")]) == 0
    assert np.array_equal(read_picture(tmp_path / "c.webp").colour, fast(rainy))
    assert run([str(webp), *FAST, "-o", str(tmp_path / "d.webp"), "--quality", "60"]) == 0
    assert (tmp_path / "d.webp").stat().st_size < (tmp_path / "c.webp").stat().st_size / 2


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--quality", "0"], 2, "--quality must be a whole number from 1 to 100, not 0"),
        (["--quality", "101"], 2, "--quality must be a whole number from 1 to 100, not 101"),
        (["--quality", "75.5"], 2, "75.5"),
        (["--format", "gif"], 2, "--format must be one of"),
        (["--format", "heic"], 2, "HEIC is read, but not written"),
        (["--format", "jpg", "-o", "b.png"], 2, "--format jpg and -o b.png contradict each other"),
        (["-o", "b.heic"], 4, "HEIC is read, but not written; give another with --format jpg"),
        (["--threads", "1.5"], 2, '"1.5" is no whole number'),
        (["--memory", "1.5"], 2, '"1.5" is no whole number'),
        (["--max-megapixels", "0"], 2, "--max-megapixels"),
        (["--max-megapixels", "inf"], 2, "--max-megapixels"),
        (["--max-megapixels", "0.0001"], 4, "megapixels, more than the 0.0001"),
    ],
)
def test_what_cannot_be(
    options: list[str], code: int, told: str, save: Save, rainy: Pixels, tmp_path: Path,
    monkeypatch, capsys,
) -> None:  # fmt: skip
    save("a.png", rainy[:32, :32])
    monkeypatch.chdir(tmp_path)
    assert run(["a.png", *FAST, *options]) == code
    assert told in capsys.readouterr().err.replace("\n", "")
    assert names(tmp_path) == ["a.png"]


def test_the_same_said_twice_is_no_contradiction(save: Save, rainy: Pixels, tmp_path: Path) -> None:
    path = save("a.png", rainy[:32, :32])
    out = str(tmp_path / "b.jpeg")
    assert run([str(path), *FAST, "-o", out, "--format", "jpg"]) == 0
    assert read_picture(Path(out)).format == "JPEG"


def test_heic_is_told_before_the_work(tmp_path: Path, monkeypatch, capsys) -> None:
    pytest.importorskip("pi_heif")
    path = tmp_path / "a.heic"
    shutil.copy(HEIC, path)
    monkeypatch.setattr(Derainer, "__call__", lambda *_, **__: pytest.fail("worked for nothing"))
    assert run([str(path), *FAST]) == 4
    assert "a.derained.heic: HEIC is read, but not written" in capsys.readouterr().err
    monkeypatch.undo()
    assert run([str(path), *FAST, "--format", "jpg"]) == 0
    told = capsys.readouterr().err.replace("\n", "")
    assert "a.derained.jpg: JPEG cannot hold the picture's colour space" in told
    assert read_picture(tmp_path / "a.derained.jpg").size == (48, 40)


def test_what_is_not_kept_is_told(save: Save, rainy: Pixels, tmp_path: Path, capsys) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save("a.png", rainy[:32, :32], icc_profile=icc)
    out = str(tmp_path / "b.ppm")
    assert run([str(path), *FAST, "-o", out, "--json"]) == 0
    told = capsys.readouterr()
    note = f"{out}: PPM cannot hold the picture's colour profile; left out"
    assert json.loads(told.out)["notes"] == [note]
    assert note in told.err.replace("\n", "")
    assert run([str(path), *FAST, "-o", str(tmp_path / "b.png"), "--json"]) == 0
    assert "notes" not in json.loads(capsys.readouterr().out)


def test_a_dry_run_changes_nothing(save: Save, rainy: Pixels, tmp_path: Path, capsys) -> None:
    for name in ("in/a.png", "in/b.jpg", "in/c.png", "in-derained/c.png"):
        save(name, rainy[:32, :32])
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    command = [str(tmp_path / "in"), "--model", "nonsense", "--dry-run", "--save-rain"]
    assert run(command) == 1
    told = capsys.readouterr()
    assert [line.replace(str(tmp_path), "") for line in told.out.splitlines()] == [
        "/in/a.png -> /in-derained/a.rain.png, /in-derained/a.png",
        "/in/b.jpg -> /in-derained/b.rain.png, /in-derained/b.jpg",
    ]
    assert "c.png: exists already" in told.err.replace("\n", "")
    assert "2 to do, 0 skipped, 1 failed" in told.err
    assert run([*command, "--skip-existing", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["status"] for record in records] == ["planned", "planned", "planned"]
    assert [Path(p).name for p in records[2]["outputs"]] == ["c.rain.png"]
    assert run([str(tmp_path / "in" / "a.png"), "--dry-run", "--skip-existing"]) == 0
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_a_header_of_too_many_pixels_stops_no_dry_run(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    save("in/b.png", rainy[:32, :32])
    data = (tmp_path / "in" / "b.png").read_bytes()
    header = b"IHDR" + (60000).to_bytes(4, "big") * 2 + data[24:29]
    huge = data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:]
    (tmp_path / "in" / "a.png").write_bytes(huge)
    assert run([str(tmp_path / "in"), "--dry-run"]) == 0
    assert "b.png -> " in capsys.readouterr().out
    assert run([str(tmp_path / "in"), *FAST]) == 1
    told = capsys.readouterr().err.replace("\n", "")
    assert "a.png: unpacks to more than 178 megapixels" in told and "internal" not in told


def test_more_threads_than_help_are_refused() -> None:
    with pytest.raises(UsageError, match="threads must be"):
        Derainer("fast", backend="onnxruntime", threads=100_000)
