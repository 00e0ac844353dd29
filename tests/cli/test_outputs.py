"""Where results go, and what stands there already."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import Derainer
from derain.cli.main import run
from derain.cli.pictures import Encoded, write_files
from derain.errors import OutputConflictError
from derain.files import NEW, OVER
from derain.media import read_picture

Pixels = NDArray[np.uint8]
Save = Callable[..., Path]
FAST = ("--model", "fast", "--backend", "onnxruntime")


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.replace("\n", "")


def test_two_of_one_name_get_two_rain_layers(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    for name in ("a.jpg", "a.png"):
        save(name, rainy[:32, :32])
    command = [str(tmp_path / "a.jpg"), str(tmp_path / "a.png"), *FAST, "--save-rain"]
    assert run(command) == 0
    made = [
        "a.derained.jpg", "a.derained.png", "a.derained.png.rain.png", "a.derained.rain.png",
        "a.jpg", "a.png",
    ]  # fmt: skip
    assert names(tmp_path) == made
    # None of them is an input of the next run.
    assert run([str(tmp_path / "*"), *FAST, "--save-rain", "--skip-existing"]) == 0
    assert "left out 4 results of an earlier run" in (said := told(capsys))
    assert "derained where their pictures are not named" in said
    assert names(tmp_path) == made


def test_a_link_that_leads_nowhere_is_not_followed(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    path = save("in/a.png", rainy[:32, :32])
    link = tmp_path / "in" / "a.derained.png"
    link.symlink_to(tmp_path / "elsewhere.png")
    for options in ([], ["--skip-existing"]):
        assert run([str(path), *FAST, *options]) == 7
        assert "a.derained.png: exists already" in told(capsys)
    assert names(tmp_path) == ["in/a.png"]


def test_a_link_to_itself_is_a_file_in_the_way(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    paths = [str(save(name, rainy[:32, :32])) for name in ("a.png", "b.png")]
    loop = tmp_path / "a.derained.png"
    loop.symlink_to(loop.name)
    assert run([*paths, *FAST]) == 1
    assert "a.derained.png: exists already" in capsys.readouterr().err
    assert loop.is_symlink() and (tmp_path / "b.derained.png").is_file()


@pytest.mark.parametrize("over", [False, True])
def test_what_comes_while_it_works_is_not_written_over(tmp_path: Path, over: bool) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"precious")
    placing = OVER if over else NEW
    if over:
        write_files([target], Encoded({target: b"made"}), placing)
    else:
        with pytest.raises(OutputConflictError, match="exists already; add --overwrite"):
            write_files([target], Encoded({target: b"made"}), placing)
    assert target.read_bytes() == (b"made" if over else b"precious")
    assert len(list(tmp_path.iterdir())) == 1


def test_without_standard_error_nothing_goes_into_the_picture(
    save: Save, rainy: Pixels, tmp_path: Path
) -> None:
    other = save("b.png", rainy[:32, :32])
    command = f"{sys.executable} -m derain - {other} --model fast < {other} 2>&-"
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=True)
    assert done.stdout.endswith(b"IEND\xaeB`\x82")


def test_skipping_is_told_and_looks_twice(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    path = save("a.png", rainy[:32, :32])
    target = tmp_path / "a.derained.png"
    assert run([str(path), *FAST]) == 0
    capsys.readouterr()
    assert run([str(path), *FAST, "--skip-existing"]) == 0
    assert "a.derained.png: exists, skipped" in told(capsys)
    target.write_bytes(b"")  # of a program that was killed
    assert run([str(path), *FAST, "--skip-existing"]) == 0
    assert read_picture(target).size == (32, 32)
    target.unlink()
    target.mkdir()
    assert run([str(path), *FAST, "--skip-existing"]) == 7
    assert "a.derained.png: is a folder" in told(capsys)


def test_a_slash_asks_for_a_folder(
    save: Save, rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    save("a.png", rainy[:32, :32])
    monkeypatch.chdir(tmp_path)
    assert run(["a.png", *FAST, "-o", "out.jpg/"]) == 0
    assert run(["a.png", *FAST, "-o", "out.txt/"]) == 0
    assert names(tmp_path) == ["a.png", "out.jpg/a.png", "out.txt/a.png"]
    assert run(["a.png", *FAST, "-o", "b.txt"]) == 2
    assert "b.txt: no picture format ends in '.txt'" in (said := told(capsys))
    assert "b.txt/ for a folder" in said
    assert run(["a.png", *FAST, "-o", "a.png/"]) == 7
    # Several pictures want a folder anyway, and a name without an ending is one.
    save("b.png", rainy[:32, :32])
    assert run(["a.png", "b.png", *FAST, "-o", "dry.v2"]) == 0
    assert run(["a.png", *FAST, "-o", "dry"]) == 0
    assert (tmp_path / "dry.v2" / "b.png").exists() and (tmp_path / "dry" / "a.png").exists()


def test_folders_below_are_told(save: Save, rainy: Pixels, tmp_path: Path, capsys) -> None:
    for name in ("in/a.png", "in/sub/b.png", "in/.hidden/c.png"):
        save(name, rainy[:32, :32])
    assert run([str(tmp_path / "in"), *FAST]) == 0
    assert "in: left out 1 folder; add --recursive" in told(capsys)
    assert run([str(tmp_path / "in"), *FAST, "-r", "--skip-existing"]) == 0
    assert "left out" not in told(capsys)
    made = {path.parent.name for path in (tmp_path / "in-derained").rglob("*.png")}
    assert made == {"in-derained", "sub"}


def test_linked_folders_are_told_and_no_case_for_recursive(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    save("in/a.png", rainy[:32, :32])
    save("elsewhere/b.png", rainy[:32, :32])
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    for options in ([], ["--recursive", "--overwrite"]):
        assert run([str(tmp_path / "in"), *FAST, *options]) == 0
        said = told(capsys)
        assert "in: left out 1 linked folder; name them" in said
        assert "add --recursive" not in said
    (tmp_path / "in" / "a.png").unlink()
    assert run([str(tmp_path / "in"), *FAST]) == 3
    assert "add --recursive" not in told(capsys)


def test_a_picture_named_in_two_ways_is_one(
    save: Save, rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    path = save("in/a.png", rainy[:32, :32])
    (tmp_path / "in" / "b.png").symlink_to("a.png")  # a picture of its own name
    monkeypatch.chdir(tmp_path)
    assert run(["in/a.png", str(path), "in", *FAST, "-o", "out"]) == 0
    assert names(tmp_path / "out") == ["a.png", "b.png"]


def test_a_link_to_itself_is_no_internal_error(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    path = str(save("in/a.png", rainy[:32, :32]))
    for name in ("in/loop", "a.png", "loop"):
        (tmp_path / name).symlink_to(Path(name).name)
    for command in (
        [str(tmp_path / "in"), *FAST, "-o", str(tmp_path / "out")],
        [path, *FAST, "--overwrite", "-o", str(tmp_path / "a.png")],
        [str(tmp_path / "in"), *FAST, "-o", str(tmp_path / "loop")],
        ["explain", path, "-o", str(tmp_path / "a.png"), "--overwrite"],
        ["explain", str(tmp_path / "loop")],
    ):
        run(command)
        assert "internal error" not in told(capsys)
    assert names(tmp_path / "out") == ["a.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs Unix")
def test_a_pipe_in_a_folder_is_called_what_it_is(
    save: Save, rainy: Pixels, tmp_path: Path, capsys
) -> None:
    save("in/a.png", rainy[:32, :32])
    os.mkfifo(tmp_path / "in" / "b.png")
    assert run([str(tmp_path / "in"), *FAST]) == 1
    assert "b.png: is no regular file" in told(capsys)


def test_paths_are_told_as_they_were_given(
    save: Save, rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    save("holiday/a.png", rainy[:32, :32])
    monkeypatch.chdir(tmp_path)
    assert run(["holiday", *FAST]) == 0
    assert f"holiday-derained{os.sep}a.png  32x32" in (said := told(capsys))
    assert str(tmp_path) not in said
    monkeypatch.chdir(tmp_path / "holiday")
    assert run([".", *FAST, "--overwrite"]) == 0
    assert str(tmp_path) not in told(capsys)
    assert names(tmp_path) == ["holiday-derained/a.png", "holiday/a.png"]


def test_what_cannot_be_written_is_told_before_the_work(
    save: Save, rainy: Pixels, tmp_path: Path, monkeypatch, capsys
) -> None:
    path = save("a.png", rainy[:32, :32])
    (tmp_path / "shut").mkdir()
    real = os.access
    # Root may write everywhere, so the system's answer is given here.
    monkeypatch.setattr(
        os, "access", lambda place, mode: Path(place).name != "shut" and real(place, mode)
    )
    monkeypatch.setattr(Derainer, "__call__", lambda *_, **__: pytest.fail("worked for nothing"))
    assert run([str(path), *FAST, "-o", str(tmp_path / "shut" / "deep" / "b.png")]) == 5
    assert "b.png: permission denied" in told(capsys)
    assert names(tmp_path) == ["a.png"]


def test_the_clean_picture_is_written_where_a_companion_cannot_be(
    save: Save, tmp_path: Path, capsys
) -> None:
    """WebP ends at 16383 pixels, which two of 8200 are more than."""
    path = save("a.webp", np.full((4, 8200, 3), 90, np.uint8))
    assert run([str(path), *FAST, "--compare", "--save-rain"]) == 4
    assert "a.derained.compare.webp: cannot be written as WEBP" in (said := told(capsys))
    assert "the clean picture is written" in said
    assert names(tmp_path) == ["a.derained.rain.png", "a.derained.webp", "a.webp"]
    assert run([str(path), *FAST, "-o", str(tmp_path / "b.png"), "--compare"]) == 0


def test_leftovers_of_killed_runs_go(save: Save, rainy: Pixels, tmp_path: Path) -> None:
    path = save("a.png", rainy[:32, :32])
    old, young, other = (
        tmp_path / name for name in (".derain-abcd1234", ".derain-efgh5678", ".derain-notes.txt")
    )
    for place in (old, young, other):
        place.write_bytes(b"part")
    for place in (old, other):
        os.utime(place, (1, 1))
    assert run([str(path), *FAST]) == 0
    assert not old.exists()
    assert young.exists() and other.exists()


def test_onnx_stands_for_its_card(save: Save, rainy: Pixels, tmp_path: Path, capsys) -> None:
    from derain.zoo import SHIPPED

    path = save("a.png", rainy[:32, :32])
    assert run([str(path), "--model", str(SHIPPED / "fast.onnx"), *FAST[2:]]) == 0
    assert run([str(path), "--model", str(SHIPPED), *FAST[2:], "--overwrite"]) == 8
    assert "is a folder; give a card in it, such as" in (said := told(capsys)) and ".json" in said
    (tmp_path / "alone.onnx").write_bytes(b"x")
    assert run([str(path), "--model", str(tmp_path / "alone.onnx"), *FAST[2:], "--overwrite"]) == 8
    assert "its card alone.json is not beside it" in told(capsys)


def test_a_run_that_changes_nothing_says_so(
    save: Save, rainy: Pixels, fast: Derainer, tmp_path: Path, monkeypatch, capsys
) -> None:
    """Only where no pixel of any picture changed, and some change was asked for."""
    black = np.zeros((48, 48, 3), np.uint8)
    dry, wet = save("dry.png", black), save("wet.png", rainy[:48, :48])
    idle = Derainer("fast", backend=Idle())
    for strength, paths, derainer, told_of in (
        ("1", [dry, wet], idle, True),
        ("1", [wet], idle, True),
        ("1", [dry, wet], fast, False),
        ("0", [wet], Derainer("fast", backend="onnxruntime", strength=0), False),
    ):
        monkeypatch.setattr("derain.restore.Derainer", lambda *_, d=derainer, **__: d)
        command = [*map(str, paths), *FAST, "--overwrite", "--quiet", "--strength", strength]
        assert run(command) == 0
        assert (told(capsys) == NOTHING) == told_of
        result = read_picture(tmp_path / "wet.derained.png").colour
        assert np.array_equal(result, rainy[:48, :48]) == (derainer is not fast)


NOTHING = (
    "derain: fast: no pixel was changed, the results equal the pictures; is there rain in them, "
    "and is it the right --model?"
)


class Idle:
    """A backend that takes nothing away."""

    name, device, precision = "idle", "cpu", "float32"

    def run(self, rainy: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.zeros_like(rainy), np.zeros_like(rainy)

    def in_float32(self) -> Idle:
        return self
