"""``derain PATH...`` as people run it: files, folders, streams, and everything that goes wrong."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import Derainer
from derain.cli.exit_codes import exit_code
from derain.cli.main import run
from derain.errors import InternalError
from derain.media import read_picture

Pixels = NDArray[np.uint8]
FAST = ("--model", "fast", "--backend", "onnxruntime")


def colours(path: Path) -> Pixels:
    return read_picture(path).colour


def test_a_picture(save: Callable[..., Path], rainy: Pixels, fast: Derainer, capsys) -> None:
    path = save("a.png", rainy)
    assert run([str(path), *FAST]) == 0
    assert np.array_equal(colours(path.with_name("a.derained.png")), fast(rainy))
    told = capsys.readouterr()
    assert not told.out
    assert "256x256" in told.err


def test_existing_results(save: Callable[..., Path], rainy: Pixels, capsys) -> None:
    path = save("a.png", rainy)
    target = path.with_name("a.derained.png")
    target.write_bytes(b"old")
    assert run([str(path), *FAST]) == 7
    assert "--overwrite" in capsys.readouterr().err
    assert run([str(path), *FAST, "--skip-existing"]) == 0
    assert target.read_bytes() == b"old"
    assert run([str(path), *FAST, "--overwrite"]) == 0
    assert target.read_bytes() != b"old"
    assert run([str(path), *FAST, "--overwrite", "--skip-existing"]) == 2


def test_out(save: Callable[..., Path], rainy: Pixels, tmp_path: Path) -> None:
    path = save("a.png", rainy)
    assert run([str(path), *FAST, "-o", str(tmp_path / "x.webp")]) == 0
    assert read_picture(tmp_path / "x.webp").format == "WEBP"
    assert run([str(path), *FAST, "-o", str(tmp_path / "new" / "folder")]) == 0
    assert (tmp_path / "new" / "folder" / "a.png").exists()


def test_folders_and_globs(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, capsys
) -> None:
    small = rainy[:40, :40]
    for name in ("in/a.png", "in/b.jpg", "in/sub/c.png", "in/.hidden.png"):
        save(name, small)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    folder = str(tmp_path / "in")
    assert run([folder, *FAST]) == 0
    assert sorted(p.name for p in (tmp_path / "in-derained").rglob("*.*")) == ["a.png", "b.jpg"]
    assert run([folder, *FAST, "-r", "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "sub" / "c.png").exists()
    # An output folder inside the input is not read again.
    assert run([folder, *FAST, "-r", "-o", str(tmp_path / "in" / "dry")]) == 0
    assert run([folder, *FAST, "-r", "-o", str(tmp_path / "in" / "dry"), "--skip-existing"]) == 0
    assert not (tmp_path / "in" / "dry" / "dry").exists()
    assert run([str(tmp_path / "in" / "*.png"), *FAST, "-o", str(tmp_path / "globbed")]) == 0
    assert [p.name for p in (tmp_path / "globbed").iterdir()] == ["a.png"]
    assert run([str(tmp_path / "in" / "*.gif"), *FAST]) == 3
    assert "3 done, 0 skipped, 0 failed" in capsys.readouterr().err


def test_one_bad_file_among_many(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, capsys
) -> None:
    for index in range(99):
        save(f"in/{index:02}.png", rainy[:33, :33])
    (tmp_path / "in" / "50-bad.jpg").write_bytes(b"\xff\xd8 no more")
    assert run([str(tmp_path / "in"), *FAST, "--quiet"]) == 1
    assert len(list((tmp_path / "in-derained").iterdir())) == 99
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert "50-bad.jpg" in told[0]


def test_companions(save: Callable[..., Path], rainy: Pixels, fast: Derainer) -> None:
    path = save("a.png", np.dstack([rainy, rainy[..., 0]]))
    assert run([str(path), *FAST, "--save-rain", "--compare"]) == 0
    clean = fast(rainy)
    removed = np.clip(rainy.astype(int) - clean, 0, 255)
    assert np.array_equal(colours(path.with_name("a.derained.rain.png")), removed)
    both = colours(path.with_name("a.derained.compare.png"))
    assert np.array_equal(both[:, :256], rainy)
    assert np.array_equal(both[:, -256:], clean)


def test_strength(save: Callable[..., Path], rainy: Pixels, fast: Derainer, capsys) -> None:
    """The clean picture, what stands beside it and the report are all of that strength."""
    path = save("a.png", np.dstack([rainy, rainy[..., 0]]))
    half = [str(path), *FAST, "--strength", "0.5"]
    assert run([*half, "--save-rain", "--compare", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strength"] == 0.5
    clean = fast(rainy, strength=0.5)
    assert np.array_equal(colours(path.with_name("a.derained.png")), clean)
    removed = np.clip(rainy.astype(int) - clean, 0, 255)
    assert np.array_equal(colours(path.with_name("a.derained.rain.png")), removed)
    both = colours(path.with_name("a.derained.compare.png"))
    assert np.array_equal(both[:, :256], rainy)
    assert np.array_equal(both[:, -256:], clean)
    # A result of another strength exists too.
    assert run([str(path), *FAST, "--skip-existing", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "skipped"
    assert np.array_equal(colours(path.with_name("a.derained.png")), clean)
    assert run([str(path), *FAST, "--strength", "0", "--overwrite"]) == 0
    same = read_picture(path.with_name("a.derained.png"))
    assert np.array_equal(same.stacked(), np.dstack([rainy, rainy[..., 0]]))


def test_outputs_never_cover_inputs_or_each_other(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path
) -> None:
    small = rainy[:32, :32]
    first, second = save("p.png", small), save("x/p.png", small[::-1])
    assert run([str(first), str(second), *FAST, "-o", str(tmp_path / "x"), "--overwrite"]) == 1
    assert np.array_equal(colours(second), small[::-1])
    for name in ("in/x.jpg", "in/x.png"):
        save(name, small)
    out = tmp_path / "out"
    assert run([str(tmp_path / "in"), *FAST, "-o", str(out), "--save-rain", "--overwrite"]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "x.jpg", "x.png", "x.png.rain.png", "x.rain.png",
    ]  # fmt: skip
    (tmp_path / "c.derained.compare.png").write_bytes(b"mine")
    assert run([str(save("c.png", small)), *FAST, "--compare"]) == 7
    assert (tmp_path / "c.derained.compare.png").read_bytes() == b"mine"
    assert not (tmp_path / "c.derained.png").exists()


def test_a_pattern_goes_on_where_it_stopped(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        save(name, rainy[:32, :32])
    pattern = str(tmp_path / "*.png")
    assert run([str(tmp_path / "a.png"), *FAST]) == 0
    assert run([pattern, *FAST, "--skip-existing"]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.derained.png", "a.png", "b.derained.png", "b.png",
    ]  # fmt: skip
    # So do a list of names, as a shell makes it, and a folder, with what stands beside results.
    beside = ["--compare", "--save-rain", "--skip-existing"]
    for _ in range(2):
        names = sorted(map(str, tmp_path.glob("*.png")))
        assert run([*names, *FAST, *beside]) == 0
        assert run([str(tmp_path), "-o", str(tmp_path / "out"), *FAST, "--skip-existing"]) == 0
        assert len(list(tmp_path.glob("*.png"))) == 8
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    # A result that is named alone is a picture like another.
    assert run([str(tmp_path / "a.derained.png"), *FAST]) == 0
    (tmp_path / "a.derained.derained.png").unlink()
    # Named twice is one picture; a name no system takes stops nothing.
    assert run([str(tmp_path / "a.png")] * 2 + [*FAST, "--overwrite"]) == 0
    long = save(f"{'n' * 246}.png", rainy[:32, :32])
    assert run([str(long), "x" * 300, str(tmp_path / "b.png"), *FAST, "--overwrite"]) == 1


def test_skipping_replaces_nothing_but_what_is_empty(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path
) -> None:
    path = save("a.png", rainy[:32, :32])
    clean, rain = tmp_path / "a.derained.png", tmp_path / "a.derained.rain.png"
    command = [str(path), *FAST, "--save-rain", "--skip-existing"]
    rain.write_bytes(b"precious")
    assert run(command) == 0
    assert rain.read_bytes() == b"precious" and colours(clean).shape == (32, 32, 3)
    rain.write_bytes(b"")
    assert run(command) == 0
    assert colours(rain).shape == (32, 32, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_skipping_leaves_a_pipe(save: Callable[..., Path], rainy: Pixels, tmp_path: Path) -> None:
    path = save("a.png", rainy[:32, :32])
    os.mkfifo(tmp_path / "a.derained.png")
    assert run([str(path), *FAST, "--skip-existing"]) == 0
    assert (tmp_path / "a.derained.png").is_fifo()


def test_what_is_left_out_is_told(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, capsys
) -> None:
    for name in ("mixed/a.png", "only/inner/a.png"):
        save(name, rainy[:32, :32])
    for name in ("photo.tga", "raw.NEF", "a.jp2"):
        (tmp_path / "mixed" / name).write_bytes(b"other")
    assert run([str(tmp_path / "mixed"), *FAST, "-o", str(tmp_path / "o")]) == 0
    assert "left out 3 other files (.jp2 .nef .tga)" in capsys.readouterr().err.replace("\n", "")
    (tmp_path / "mixed" / "b.png").symlink_to(tmp_path / "nowhere.png")
    assert run([str(tmp_path / "mixed"), *FAST, "-o", str(tmp_path / "o"), "--overwrite"]) == 1
    assert "b.png: a link that leads nowhere" in capsys.readouterr().err.replace("\n", "")
    (tmp_path / "mixed" / "a.png").unlink()
    (tmp_path / "mixed" / "b.png").unlink()
    assert run([str(tmp_path / "mixed"), *FAST]) == 3
    assert "--recursive" not in capsys.readouterr().err
    assert run([str(tmp_path / "only"), *FAST]) == 3
    assert "--recursive" in capsys.readouterr().err
    assert run([str(tmp_path / "mixed" / "photo.tga"), *FAST]) == 4
    assert "photo.tga: '.tga' is no picture format" in capsys.readouterr().err


def test_names_with_brackets_are_no_json(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    for name in ("a.png", "[2024] x.png", "{b.png"):
        save(name, rainy[:32, :32])
    monkeypatch.chdir(tmp_path)
    assert run(["a.png", "[2024] x.png", "{b.png", *FAST]) == 0
    assert Path("[2024] x.derained.png").exists() and Path("{b.derained.png").exists()
    assert run(["data", "check", "any", "a", "--against", "[2024]"]) != 0
    assert run(["bank", "o.bank", "--film", "[2024].mp4"]) != 0
    told = capsys.readouterr().err
    assert "[2024].mp4: not a folder of frames" in told and "JSON" not in told


def test_companions_that_are_missing_are_made(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path
) -> None:
    path = save("a.png", rainy[:32, :32])
    assert run([str(path), *FAST]) == 0
    made = (tmp_path / "a.derained.png").stat().st_mtime_ns
    assert run([str(path), *FAST, "--compare", "--skip-existing"]) == 0
    assert colours(tmp_path / "a.derained.compare.png").shape == (32, 68, 3)
    assert (tmp_path / "a.derained.png").stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["explian", "a.png"], "did you mean explain?", 2),
        (["trian"], "did you mean train?", 2),
        (["pictures"], "no such file or folder", 3),
        ([""], "an argument is empty", 2),
        (["a.png", "-o", ""], "an argument is empty", 2),
        (["a.png", "-o", "notes.txt"], "notes.txt: is a file and no picture", 2),
        (["a.png", "-o", "notes.txt/b"], "a file stands where a folder is needed", 7),
        (["explain", "a.png", "-o", "a.png", "--overwrite"], "is the picture itself", 7),
        (["explain", "a.png", "-o", "."], "is a folder", 7),
        (["explain", "a.png", "--strength", "2"], "--strength must be a number from 0 to 1", 2),
        (["a.png", "--strength", "1.01"], "--strength must be a number from 0 to 1, not 1.01", 2),
        (["a.png", "--strength", "-0.5"], "--strength must be a number from 0 to 1, not -0.5", 2),
        (["a.png", "--strength", "nan"], "--strength must be a number from 0 to 1, not nan", 2),
        (["a.png", "--strength", "half"], "half", 2),
        (["none.png", "--strength", "5"], "--strength must be a number from 0 to 1, not 5.0", 2),
    ],
)
def test_slips_change_nothing(
    words: list[str],
    told: str,
    code: int,
    save: Callable[..., Path],
    rainy: Pixels,
    tmp_path: Path,
    monkeypatch,
    capsys,
) -> None:
    save("a.png", rainy[:32, :32])
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(words if words[0] in ("explain", "trian") else [*words, *FAST]) == code
    assert told in capsys.readouterr().err.replace("\n", "")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_json(save: Callable[..., Path], rainy: Pixels, tmp_path: Path, capsys) -> None:
    good = save("a.png", rainy[:40, :50])
    assert run([str(good), str(tmp_path / "no.png"), *FAST, "--json"]) == 1
    told = capsys.readouterr()
    records = [json.loads(line) for line in told.out.splitlines()]
    assert [r["status"] for r in records] == ["failed", "done"]
    assert (records[1]["width"], records[1]["height"]) == (50, 40)
    assert "no such file" in records[0]["error"]
    assert records[0]["input"] == str(tmp_path / "no.png")


def test_streams(
    save: Callable[..., Path],
    rainy: Pixels,
    fast: Derainer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    data = save("a.png", rainy).read_bytes()

    class Stream:
        def __init__(self, content: bytes = b"") -> None:
            self.buffer = io.BytesIO(content)

    out = Stream()
    monkeypatch.setattr(sys, "stdin", Stream(data))
    monkeypatch.setattr(sys, "stdout", out)
    assert run(["-", *FAST]) == 0
    (tmp_path / "piped.png").write_bytes(out.buffer.getvalue())
    assert np.array_equal(colours(tmp_path / "piped.png"), fast(rainy))
    monkeypatch.setattr(sys, "stdin", Stream(b"junk"))
    assert run(["-", *FAST, "-o", str(tmp_path / "b.png")]) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "nothing to do"),
        (["{in}/none.png"], 3, "no such file"),
        (["{in}"], 3, "holds no pictures"),
        (["{in}/empty.png"], 4, "empty"),
        (["{in}/text.txt"], 4, "not a picture|no picture format"),
        (["{in}/a.png", "-o", "{in}/x.gif"], 4, "no picture format"),
        (["{in}/a.png", "-o", "{in}/a.png"], 7, "is an input"),
        (["{in}/a.png", "{in}/sub/a.png", "-o", "{in}/out"], 1, "both be written"),
        (["{in}/a.png", "{in}/b.png", "-o", "{in}/x.png"], 2, "one file"),
        (["{in}/a.png", "--model", "fats"], 8, "did you mean 'fast'"),
        (["{in}/a.png", "--backend", "abacus"], 2, "unknown backend"),
        (["{in}/a.png", "--backend", "onnxruntime", "--device", "cuda"], 12, "cuda"),
        (["{in}/a.png", "--nonsense"], 2, "nonsense"),
        (["{in}/a.png", "--tile", "many"], 2, "many"),
        (["{in}/a.png", "--memory", "0"], 2, "memory"),
        (["-", "--json"], 2, "standard output"),
        (["-", "--compare"], 2, "stand beside"),
        (["{in}/a.png", "-o", "{in}/text.txt/sub/"], 7, "text.txt.*stands where a folder"),
    ],
)
def test_what_goes_wrong(
    arguments: list[str], code: int, words: str, tmp_path: Path, rainy: Pixels,
    save: Callable[..., Path], capsys,
) -> None:  # fmt: skip
    import re

    folder = tmp_path / "in"
    folder.mkdir()
    if arguments != ["{in}"]:
        for name in ("in/a.png", "in/b.png", "in/sub/a.png"):
            save(name, rainy[:32, :32])
        (folder / "empty.png").touch()
        (folder / "text.txt").write_text("words")
    tokens = [token.replace("{in}", str(folder)) for token in arguments]
    assert run(tokens) == code
    told = capsys.readouterr().err.strip()
    assert re.search(words, told)
    lines = [line for line in told.splitlines() if line.startswith("derain: ")]
    assert len(lines) == 1
    assert code == 1 or lines == told.splitlines()


@pytest.mark.skipif(os.name == "nt", reason="modes of Unix")
def test_no_permission(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    path = save("a.png", rainy[:32, :32])
    real = Path.read_bytes

    def refuse(self: Path) -> bytes:
        # Root may read everything, so the system's answer is given here.
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert run([str(path), *FAST]) == 5
    assert "a.png: permission denied" in capsys.readouterr().err


def test_a_folder_that_may_not_be_read_is_told(
    save: Callable[..., Path], rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    """Whether it was named or lies in one that was."""
    for name in ("in/open/a.png", "in/shut/b.png"):
        save(name, rainy[:32, :32])
    real = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert run([str(tmp_path / "in"), *FAST, "-r", "-o", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err.replace("\n", "")
    assert "in/shut: permission denied" in told and "1 done, 0 skipped, 1 failed" in told
    assert run([str(tmp_path / "in" / "shut"), *FAST]) == 5


def test_full_disk(save: Callable[..., Path], rainy: Pixels, monkeypatch, capsys) -> None:
    path = save("a.png", rainy[:32, :32])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run([str(path), *FAST]) == 6
    assert "no space left" in capsys.readouterr().err
    assert not path.with_name("a.derained.png").exists()


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_interrupt(jobs: str, save: Callable[..., Path], rainy: Pixels, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, one line, whole files only."""
    first = save("in/00.png", np.tile(rainy, (3, 3, 1)))
    for index in range(1, 40):
        shutil.copy(first, first.with_name(f"{index:02}.png"))
    command = [sys.executable, "-m", "derain", str(tmp_path / "in"), *FAST, "--jobs", jobs]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    out, deadline = tmp_path / "in-derained", time.monotonic() + 60
    while time.monotonic() < deadline and not (out.exists() and len(list(out.glob("[!.]*"))) >= 2):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    since = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert time.monotonic() - since < 5  # a second, on a machine with nothing else to do
    assert process.returncode == 130
    assert "interrupted" in told.splitlines()[-1]
    assert "Traceback" not in told
    done = sorted(out.glob("[!.]*.png"))
    assert 2 <= len(done) < 40
    for path in done:
        assert colours(path).shape == (768, 768, 3)
    assert not list(out.glob(".*"))


def test_an_unforeseen_error_is_one_line_too(
    save: Callable[..., Path], rainy: Pixels, monkeypatch, capsys
) -> None:
    from derain.cli import jobs

    def broken(*_: object) -> None:
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(jobs, "plan_jobs", broken)
    assert run([str(save("a.png", rainy)), *FAST]) == exit_code(InternalError)
    told = capsys.readouterr().err
    assert "internal error" in told
    assert "Traceback" not in told


def test_help_and_version(capsys) -> None:
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    for word in ("train", "synthesize", "export", "models", "--save-rain", "Exit codes"):
        assert word in told
    assert run(["--version"]) == 0
    assert "derain 0." in capsys.readouterr().out


def test_models(capsys) -> None:
    assert run(["models"]) == 0
    told = capsys.readouterr().out
    assert "base" in told
    assert "fast" in told
    assert run(["models", "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["name"] for card in cards] == ["base", "fast"]
    assert run(["models", "base"]) == 0
    assert "Rain800" in capsys.readouterr().out
    assert run(["models", "bass"]) == 8
