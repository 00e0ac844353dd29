"""What is shown: on any terminal, whatever names, libraries and readers do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain.cli.main import run

Pixels = NDArray[np.uint8]
Save = Callable[..., Path]
FAST = ("--model", "fast", "--backend", "onnxruntime")
UNIX = pytest.mark.skipif(os.name == "nt", reason="names and shells of Unix")


def derain(*arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **options.pop("env", {})}  # type: ignore[dict-item]
    command = [sys.executable, "-m", "derain", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=environment, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_names_the_terminal_lacks(save: Save, rainy: Pixels, tmp_path: Path, encoding: str) -> None:
    save("日本.jpg", rainy[:32, :32])
    done = derain("explain", "日本.jpg", *FAST, cwd=tmp_path, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert b"\\u65e5\\u672c.explained.png" in done.stdout
    assert derain("models", "base", env={"PYTHONIOENCODING": encoding}).returncode == 0


@UNIX
def test_names_that_are_no_text(save: Save, rainy: Pixels, tmp_path: Path) -> None:
    save("a.png", rainy[:32, :32]).rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    done = derain(b"\xff.png", *FAST, cwd=tmp_path)
    assert done.returncode == 0
    assert b"\\udcff.derained.png  32x32" in done.stderr


@UNIX
def test_names_that_would_command_the_terminal(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    path = save("\x1b]0;X\x07\n.png", rainy[:32, :32])
    assert run([str(path), *FAST]) == 0
    assert run([str(path), *FAST]) == 7
    assert run([str(path) + "none"]) == 3
    assert run(["explain", str(path), *FAST]) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err and "\x07" not in told.out + told.err
    assert told.err.replace("\n", "").count("\\x1b]0;X\\x07\\n.derained.png") == 2


@UNIX
@pytest.mark.parametrize("shell", ["derain a.png --json {} | true", "derain - {} < a.png | true"])
def test_nobody_reads_the_output(save: Save, rainy: Pixels, tmp_path: Path, shell: str) -> None:
    save("a.png", np.tile(rainy, (2, 2, 1)))
    line = shell.format(" ".join(FAST)).replace("derain", f"{sys.executable} -m derain")
    done = subprocess.run(
        ["bash", "-c", f"{line}; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "141\n"
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert "internal" not in done.stderr and "Errno" not in done.stderr


@UNIX
def test_no_standard_output(save: Save, rainy: Pixels, tmp_path: Path) -> None:
    save("a.png", rainy[:32, :32])
    line = f"{sys.executable} -m derain - {' '.join(FAST)} < a.png >&-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"standard output is closed; give a file with -o" in done.stderr


def test_libraries_speak_with_the_name_of_the_picture(
    save: Save, rainy: Pixels, tmp_path: Path
) -> None:
    """libtiff writes to the standard error by itself."""
    path = save("a.tif", rainy, compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    path.write_bytes(data)
    done = derain("a.tif", *FAST, "--quiet", cwd=tmp_path)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 4
    assert len(lines) == 1 and lines[0].startswith("derain: a.tif: damaged picture")


def test_help_shows_how_to_use_it(capsys) -> None:
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert "derain PHOTO" in told.splitlines()[0]
    assert "derain holiday/" in told
    for word in ("--empty-", "--no-", "default: False", "default: ()", "default: None"):
        assert word not in told
    for command in ("evaluate", "explain", "models", "synthesize", "data check"):
        assert run([*command.split(), "--help"]) == 0
        told = capsys.readouterr().out
        assert "--empty-" not in told and "--no-" not in told and "default: ()" not in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ZSH", "ZSH_CUSTOM", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert run(["--install-completion", "--shell", shell]) == 0
    scripts = [p for p in tmp_path.rglob("*") if p.is_file() and "save-rain" in p.read_text()]
    assert len(scripts) == 1
    assert "evaluate" in scripts[0].read_text()


@UNIX
def test_completion_in_bash(tmp_path: Path) -> None:
    """Asked as the shell asks: pictures, commands and options."""
    from derain.cli.main import app

    (tmp_path / "c.sh").write_text(app.generate_completion(shell="bash", prog_name="derain"))
    (tmp_path / "photo.jpg").touch()

    def completed(*words: str) -> set[str]:
        quoted = " ".join(f"'{word}'" for word in ("derain", *words))
        script = (
            f"source ./c.sh; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _derain; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return set(done.stdout.split())

    assert "photo.jpg" in completed("ph")
    assert completed("--save") == {"--save-rain"}
    assert "photo.jpg" in completed("photo.jpg", "-o", "ph")
    assert completed("eval") == {"evaluate"}


def test_internal_errors_are_short(save: Save, rainy: Pixels, monkeypatch, capsys) -> None:
    from derain.cli import jobs

    def broken(*_: object) -> None:
        raise ValueError("<html>" * 100_000)

    monkeypatch.setattr(jobs, "plan_jobs", broken)
    assert run([str(save("a.png", rainy)), *FAST]) == 70
    told = capsys.readouterr().err
    assert len(told) < 400 and "internal error" in told
