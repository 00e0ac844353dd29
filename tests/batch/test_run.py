"""``derain run`` as engineers run it: every picture once, whatever happens in between."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from derain import Derainer
from derain.batch import Manifest, Plan, Row, open_source, open_store
from derain.batch.run import Progress
from derain.cli.batch_console import BatchReporter
from derain.cli.main import run
from derain.errors import DiskFullError, OutputConflictError
from derain.media import read_picture
from tests.batch.conftest import Fill
from tests.cli.test_outputs import NOTHING, Idle

FAST = ("--model", "fast", "--backend", "onnxruntime", "--threads", "1")
MANIFEST = Path(".derain") / "00000-of-00001.jsonl"


def rows(out: Path) -> list[dict[str, object]]:
    """All rows of all shards."""
    files = (out / ".derain").glob("*.jsonl")
    lines = [line for path in files for line in path.read_text().splitlines()]
    return [row for row in map(json.loads, lines) if "manifest" not in row]


def results(out: Path) -> dict[str, bytes]:
    """Name and bytes of every result; a process that was killed leaves hidden files."""
    files = {path.relative_to(out): path for path in out.rglob("*") if path.is_file()}
    shown = {name: path for name, path in files.items() if not str(name.name).startswith(".")}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in shown.items()
        if name.parts[0] != ".derain"
    }


def test_a_folder(fill: Fill, tmp_path: Path, fast: Derainer, capsys) -> None:
    """The same pixels as picture by picture, under the same names in the same folders."""
    folder = fill(6)
    (folder / "notes.md").write_text("no picture")
    assert run(["run", str(folder), "-o", str(tmp_path / "out"), *FAST]) == 0
    assert "1 .md" in capsys.readouterr().err
    made = results(tmp_path / "out")
    assert set(made) == {f"{'sub/' if i % 2 else ''}{i:03}.png" for i in range(6)}
    for name in made:
        expected = fast(read_picture(folder / name).colour)
        assert np.array_equal(read_picture(tmp_path / "out" / name).colour, expected)
    assert run(["manifest", "verify", str(tmp_path / "out")]) == 0
    (tmp_path / "out" / "000.png").write_bytes(b"other")
    (tmp_path / "out" / "002.png").unlink()
    assert run(["manifest", "verify", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().out
    assert "000.png: is not what was written" in told
    assert "002.png: no such file" in told
    assert "4 of 6" in told


@pytest.mark.parametrize("listed", [False, True])
def test_a_result_that_was_removed_is_made_again(
    listed: bool, fill: Fill, tmp_path: Path, capsys
) -> None:
    """Once it was found to be missing; lists, which know no versions, are no other."""
    folder, out = fill(4), tmp_path / "out"
    source = list_of(folder, "000.png", "sub/001.png", "002.png") if listed else folder
    command = ["run", str(source), "-o", str(out), *FAST]
    assert run(command) == 0
    made = results(out)
    (out / "000.png").unlink()
    for _ in range(2):
        assert run(["manifest", "verify", str(out), "--quiet"]) == 1
        assert "1 missing: the next run makes them again" in capsys.readouterr().out
    assert run(["manifest", "failed", str(out)]) == 0
    assert "000.png: no such file" in capsys.readouterr().out
    assert run(command) == 0
    assert "1 done, 0 failed" in capsys.readouterr().err
    assert results(out) == made
    assert run(["manifest", "verify", str(out)]) == 0
    assert run(command) == 0
    assert "0 done, 0 failed" in capsys.readouterr().err


def test_one_wrong_result_is_no_other_code(fill: Fill, tmp_path: Path) -> None:
    folder, out = fill(1), tmp_path / "out"
    assert run(["run", str(folder), "-o", str(out), *FAST]) == 0
    (out / "000.png").write_bytes(b"other")
    assert run(["manifest", "verify", str(out)]) == 1


def test_it_goes_on(fill: Fill, tmp_path: Path, capsys) -> None:
    """Only what is new, what changed and what failed is done by a second run."""
    folder, out = fill(4), tmp_path / "out"
    (folder / "bad.png").write_bytes(b"nonsense")
    command = ["run", str(folder), "-o", str(out), *FAST, "--json"]
    assert run(command) == 1
    assert sum(row["status"] == "done" for row in rows(out)) == 4
    before = results(out)
    (folder / "002.png").replace(folder / "bad.png")  # mends one, takes one away
    (folder / "sub" / "001.png").replace(folder / "000.png")  # another picture of a known name
    capsys.readouterr()
    assert run(command) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row["source"] for row in told) == ["000.png", "bad.png"]
    after = results(out)
    assert after["000.png"] == before["sub/001.png"]
    assert after["sub/003.png"] == before["sub/003.png"]
    assert run(["manifest", "failed", str(out)]) == 0
    assert not capsys.readouterr().out
    assert run(["manifest", "summary", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["failed"] == 0


def test_other_settings_are_refused(fill: Fill, tmp_path: Path, capsys) -> None:
    folder, out = fill(2), str(tmp_path / "out")
    assert run(["run", str(folder), "-o", out, *FAST]) == 0
    assert run(["run", str(folder), "-o", out, *FAST, "--strength", "0.5"]) == 7
    assert "strength = 1.0, not 0.5" in capsys.readouterr().err
    assert run(["run", str(folder), "-o", out, "--model", "base", "--threads", "1"]) == 7
    assert "model" in capsys.readouterr().err


def test_nobody_elses_file_is_written_over(fill: Fill, tmp_path: Path, capsys) -> None:
    folder, out = fill(2), tmp_path / "out"
    out.mkdir()
    (out / "000.png").write_bytes(b"mine")
    for _ in range(2):  # what failed because of it does not make it ours
        assert run(["run", str(folder), "-o", str(out), *FAST]) == 1
        assert "exists already and is no result of this run" in capsys.readouterr().err
        assert (out / "000.png").read_bytes() == b"mine"


def test_a_result_that_somebody_changed_is_not_written_over(
    fill: Fill, tmp_path: Path, capsys
) -> None:
    """Nor when its picture changes; what the run wrote, at any time, is."""
    folder, out = fill(2), tmp_path / "out"
    command = ["run", str(folder), "-o", str(out), *FAST]
    assert run(command) == 0
    first = (out / "000.png").read_bytes()
    for colour in ("tan", "teal"):
        Image.new("RGB", (50, 40), colour).save(folder / "000.png")
        assert run(command) == 0
    assert (out / "000.png").read_bytes() != first
    for there, code in ((b"touched up by hand", 1), (first, 0)):
        (out / "000.png").write_bytes(there)
        Image.new("RGB", (50, 40), "navy").save(folder / "000.png")
        assert run(command) == code
        assert ((out / "000.png").read_bytes() == there) == bool(code)
    assert "000.png: exists already and is no result of this run" in capsys.readouterr().err


def test_two_sources_in_one_target(fill: Fill, tmp_path: Path, capsys, monkeypatch) -> None:
    """Names are of a source; what another one gave stays, and is not taken for this one's."""
    first, second, out = fill(2), tmp_path / "second", tmp_path / "out"
    second.mkdir()
    Image.new("RGB", (50, 40), "tan").save(second / "000.png")
    assert run(["run", str(first), "-o", str(out), *FAST]) == 0
    made = results(out)
    for source in (second, list_of(second, "000.png")):
        assert run(["run", str(source), "-o", str(out), *FAST]) == 1
        assert "000.png: exists already and is no result" in capsys.readouterr().err
    assert results(out) == made
    monkeypatch.chdir(first.parent)  # the same folder by another name
    assert run(["run", first.name, "-o", str(out), *FAST]) == 0
    assert "0 done, 0 failed" in capsys.readouterr().err
    moved = first.rename(tmp_path / "moved")  # done again, and found to be equal
    assert run(["run", str(moved), "-o", str(out), *FAST]) == 0
    assert "2 done, 0 failed" in capsys.readouterr().err
    assert results(out) == made
    assert run(["manifest", "summary", str(out)]) == 0  # of results, each of which is there once
    assert "2 done, 0 failed" in capsys.readouterr().out
    assert run(["run", str(second), "-o", str(out), *FAST]) == 1  # in whose way one still is
    assert run(["manifest", "summary", str(out)]) == 0
    assert "2 done, 1 failed" in capsys.readouterr().out


def list_of(folder: Path, *names: str) -> Path:
    """A list of files beside it, as Windows' editors write one."""
    path = folder / "list.txt"
    path.write_text("\n".join(names), encoding="utf-8-sig")
    return path


def test_a_result_whose_row_was_lost_may_differ_by_rounding(
    fill: Fill, tmp_path: Path, capsys
) -> None:
    """Free memory decides about tiles, and tiles about the last level of a few values."""
    folder, out = fill(1), tmp_path / "out"
    command = ["run", str(folder), "-o", str(out), *FAST]
    assert run(command) == 0
    result, manifest = out / "000.png", out / MANIFEST
    header = manifest.read_text().splitlines(keepends=True)[0]
    pixels = read_picture(result).colour.copy()
    pixels[3, 4] ^= 1
    Image.fromarray(pixels).save(result)
    apart = result.read_bytes()
    manifest.write_text(header)
    assert run(command) == 0
    assert result.read_bytes() == apart
    assert run(["manifest", "verify", str(out)]) == 0
    Image.fromarray(pixels ^ 1).save(result)
    manifest.write_text(header)
    assert run(command) == 1
    assert "exists already and is no result" in capsys.readouterr().err
    manifest.write_text(header[:20])  # torn within its first line: it is begun anew
    result.unlink()
    assert run(command) == 0
    assert manifest.read_text().startswith(header)


def test_a_picture_that_changes_and_changes_back(fill: Fill, tmp_path: Path, capsys) -> None:
    """Its result and what the manifest tells are of the picture that is there."""
    folder, out = fill(1), str(tmp_path / "out")
    picture, command = folder / "000.png", ["run", str(folder), "-o", out, *FAST]
    first = tmp_path / "first.png"
    shutil.copy2(picture, first)
    assert run(command) == 0
    before = results(tmp_path / "out")
    Image.new("RGB", (50, 40), "tan").save(picture)
    assert run(command) == 0
    assert results(tmp_path / "out") != before
    shutil.copy2(first, picture)
    assert run([*command, "--shard", "0/1"]) == 0
    assert results(tmp_path / "out") == before
    picture.write_bytes(b"broken")
    assert run(command) == 1
    capsys.readouterr()
    assert run(["manifest", "summary", out]) == 0
    assert "0 done, 1 failed" in capsys.readouterr().out
    assert run(["manifest", "failed", out]) == 0
    assert "000.png" in capsys.readouterr().out


def test_shards(fill: Fill, tmp_path: Path) -> None:
    """Together all, each one once, with equal bytes."""
    folder = fill(9)
    assert run(["run", str(folder), "-o", str(tmp_path / "whole"), *FAST]) == 0
    for index in range(3):
        command = ["run", str(folder), "-o", str(tmp_path / "out"), *FAST]
        assert run([*command, "--shard", f"{index}/3"]) == 0
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    counted = Counter(row["source"] for row in rows(tmp_path / "out"))
    assert len(counted) == 9
    assert set(counted.values()) == {1}
    assert len(list((tmp_path / "out" / ".derain").iterdir())) == 3


def test_formats_and_names_that_meet(fill: Fill, tmp_path: Path, capsys) -> None:
    folder = fill(2)
    command = ["run", str(folder), "-o", str(tmp_path / "out"), *FAST, "--format", "jpg"]
    assert run([*command, "--quality", "80"]) == 0
    assert set(results(tmp_path / "out")) == {"000.jpg", "sub/001.jpg"}
    (folder / "000.webp").write_bytes(b"")
    assert run(["run", str(folder), "-o", str(tmp_path / "two"), *FAST, "--format", "jpg"]) == 7
    assert "000.png and 000.webp would both be written to 000.jpg" in capsys.readouterr().err
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["none", "-o", "out"], 3, "none: no such folder"),
        (["empty", "-o", "out"], 3, "holds no pictures"),
        (["in", "-o", "in"], 7, "is the source too"),
        (["in/000.png", "-o", "out"], 3, "for single pictures: derain PICTURE"),
        (["in", "-o", "ftp://host/x"], 2, "'ftp://' is not known"),
        (["in", "-o", "out", "--shard", "3/3"], 2, "--shard must be i/n"),
        (["in", "-o", "out", "--quality", "0"], 2, "--quality must be"),
        (["in", "-o", "out", "--jobs", "-1"], 2, "--jobs must be at least 0"),
        (["in", "-o", "out", "--column", "x"], 2, "--column goes with a list"),
        (["in", "-o", "out", "--model", "none"], 8, "none"),
    ],
)
def test_what_is_refused_before_work(
    words: list[str], code: int, told: str, fill: Fill, tmp_path: Path, monkeypatch, capsys
) -> None:
    fill(2)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["run", *words]) == code
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_results_inside_the_source(fill: Fill, tmp_path: Path) -> None:
    """A second run does not take the first one's results for pictures."""
    folder = fill(2)
    for _ in range(2):
        assert run(["run", str(folder), "-o", str(folder / "dry"), *FAST]) == 0
    assert set(results(folder / "dry")) == {"000.png", "sub/001.png"}


def test_dry_run(fill: Fill, tmp_path: Path, capsys) -> None:
    folder = fill(3)
    assert run(["run", str(folder), "-o", str(tmp_path / "out"), *FAST, "--dry-run"]) == 0
    assert "3 pictures to do, 0 done before" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_dry_run_for_programs(fill: Fill, tmp_path: Path, monkeypatch, capsys) -> None:
    """It needs no cluster, either."""

    def on_ray(*_: object) -> None:
        raise AssertionError("a cluster is started")

    monkeypatch.setattr("derain.batch.on_ray.on_ray", on_ray)
    words = ["run", str(fill(3)), "-o", str(tmp_path / "out"), "--model", "fast"]
    assert run([*words, "--dry-run", "--json", "--ray", "local"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted == {"pictures": 3, "clips": 0, "done_before": 0}


@pytest.mark.skipif(os.name == "nt", reason="links that everybody may make")
def test_links_to_folders_are_counted(fill: Fill, tmp_path: Path, capsys) -> None:
    folder = fill(2)
    (linked := tmp_path / "linked").mkdir()
    (linked / "folder.png").symlink_to(folder)
    words = [str(linked), "-o", str(tmp_path / "out"), *FAST]
    assert run(["run", *words]) == 3
    assert "holds no pictures; links to folders are not followed" in capsys.readouterr().err
    (linked / "a.png").symlink_to(folder / "000.png")
    assert run(["run", *words]) == 0
    assert "(1 links to folders)" in capsys.readouterr().err
    assert set(results(tmp_path / "out")) == {"a.png"}


def test_what_is_no_picture_is_counted_by_few_words(fill: Fill) -> None:
    """Of a million names none is kept."""
    plan = Plan(open_source(str(folder := fill(1))))
    for name in ("README", "a.md", "b.MD", "log.17", "log.18", "x.0a1b2c", "y.averylongending"):
        (folder / name).touch()
    plan.check()
    assert plan.others == {".md": 2, "others": 5}


@pytest.mark.skipif(sys.platform != "linux", reason="paths that other systems do not take")
def test_a_thousand_folders_in_each_other(tmp_path: Path) -> None:
    """In the order of their names at every level, folders among files."""
    deep = tmp_path.joinpath(*"d" * 1100)
    for folder in (*reversed(deep.parents[:1100]), deep):
        folder.mkdir(exist_ok=True)
    (deep / "a.png").touch()
    for name in ("b.png", "d.png"):
        (tmp_path / name).touch()
    names = [entry.name for entry in open_store(str(tmp_path)).entries()]
    assert names == ["b.png", "d/" * 1100 + "a.png", "d.png"]
    (deep / "a.png").unlink()
    for folder in (deep, *deep.parents[:1099]):  # which pytest could not remove
        folder.rmdir()


def test_the_total_of_the_progress(fill: Fill) -> None:
    """It is there before the first picture is done, and never less than what is done."""
    plan, reporter = Plan(open_source(str(fill(4)))), BatchReporter(quiet=False, as_json=False)

    def shown() -> tuple[float | None, float]:
        (task,) = reporter._progress.tasks
        return task.total, task.completed

    progress = Progress(4)
    reporter.show(progress, plan)
    assert shown() == (4, 0)
    for name in "abcd":
        progress.row = Row(f"{name}.png", "1", f"{name}.png", "done")
        reporter.show(progress, plan)
    assert shown() == (4, 4)
    progress.total, progress.row = 1, None  # somebody has taken three away, who watches
    reporter.show(progress, plan)
    assert shown() == (4, 4)


def test_a_list(fill: Fill, tmp_path: Path, monkeypatch, capsys) -> None:
    """Relative addresses start where the list lies; none may be there twice."""
    folder = fill(3)
    names = tmp_path / "names.txt"
    names.write_text(f"# rainy\nin/000.png\n\n{folder / 'sub' / '001.png'}\nin/none.png\n")
    monkeypatch.chdir("/")
    assert run(["run", str(names), "-o", str(tmp_path / "out"), *FAST]) == 1
    whole = (folder / "sub" / "001.png").relative_to("/").as_posix()
    assert set(results(tmp_path / "out")) == {"in/000.png", whole}
    assert "none.png: no such file" in capsys.readouterr().err
    names.write_text("in/000.png\nin/000.png\n")
    assert run(["run", str(names), "-o", str(tmp_path / "two"), *FAST]) == 7
    assert "names in/000.png twice" in capsys.readouterr().err
    names.write_text("../x.png\n")
    assert run(["run", str(names), "-o", str(tmp_path / "two"), *FAST]) == 7
    assert "outside the target" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (b"in/a\0.png", 2, "holds a NUL, which no name does"),
        (b"https://host/n%E9.png", 2, "percent signs that are no UTF-8 cannot be read"),
        (b"in/n\xe9.png", 14, "is no text in UTF-8"),
    ],
)
def test_lists_that_are_refused(line: bytes, code: int, told: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "names.txt").write_bytes(b"in/000.png\n" + line + b"\n")
    assert run(["run", str(tmp_path / "names.txt"), "-o", str(tmp_path / "out"), *FAST]) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_torn_line_is_passed_over_and_a_wrong_one_named(
    fill: Fill, tmp_path: Path, capsys
) -> None:
    folder, out = fill(3), tmp_path / "out"
    command = ["run", str(folder), "-o", str(out), *FAST]
    assert run(command) == 0
    whole = (out / MANIFEST).read_bytes()
    (out / MANIFEST).write_bytes(whole[:-20])  # killed while it wrote the last row
    assert run(command) == 0
    assert Counter(str(row["source"]) for row in rows(out)).total() == 3
    (out / MANIFEST).write_bytes(whole.replace(b'{"source": "000.png"', b"{nonsense", 1))
    assert run(command) == 14
    assert "line 2: is no row of a manifest" in capsys.readouterr().err


def test_a_manifest_without_its_first_line_is_refused(fill: Fill, tmp_path: Path, capsys) -> None:
    """Nobody would know with what the results were made."""
    folder, out = fill(2), str(tmp_path / "out")
    command = ["run", str(folder), "-o", out, *FAST]
    assert run(command) == 0
    manifest = tmp_path / "out" / MANIFEST
    first, *others = manifest.read_text().splitlines(keepends=True)
    for line in ("", '{"manifest": 1}\n', '{"manifest": 1, "settings": 3}\n', "[]\n"):
        manifest.write_text("".join([line, *others]))
        for words in ([*command, "--strength", "0.5"], ["manifest", "summary", out]):
            assert run(words) == 14
            told = capsys.readouterr().err
            assert "does not begin with the settings of its run; restore its first line" in told
    manifest.write_text("".join([first, *others]))
    assert run(command) == 0


@pytest.mark.parametrize(
    "row",
    [
        "[]", "3", '"source"', "null", "{}", '{"source": "a.png"}',
        '{"source": 3, "version": "", "target": "a.png", "status": "done"}',
        '{"source": "\\ud800", "version": "", "target": "a.png", "status": "done"}',
        '{"source": "a", "version": "", "target": "a", "status": "done", "time": "noon"}',
        '{"source": "a", "version": "", "target": "a", "status": "done", "notes": 3}',
        '{"source": "a", "version": "", "target": "a", "status": "failed", "error": 3}',
    ],
)  # fmt: skip
def test_lines_that_are_no_rows(row: str, tmp_path: Path, capsys) -> None:
    """They are named, whatever is wrong with them."""
    manifest = tmp_path / MANIFEST
    manifest.parent.mkdir()
    manifest.write_text(f'{{"manifest": 1, "settings": {{}}}}\n{row}\n')
    for what in ("summary", "failed", "verify"):
        assert run(["manifest", what, str(tmp_path)]) == 14
        assert "line 2: is no row of a manifest; remove the line" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["folder", "bucket"])
def test_two_runs_with_other_settings_that_begin_at_once(
    there: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Both have looked when nothing was there; the one that is second to write is refused."""
    out = str(tmp_path) if there == "folder" else f"{request.getfixturevalue('bucket')}/out"
    first, second = (Manifest(open_store(out), {"strength": value}) for value in (1.0, 0.5))
    for manifest in (first, second):
        manifest.load()
    first.open((0, 1))
    with pytest.raises(OutputConflictError, match="an earlier run made what is there with stren"):
        second.open((0, 1))
    second.close()
    first.append(Row("a.png", "1", "a.png", "done"))
    first.close()
    (row,) = Manifest(open_store(out), {"strength": 1.0}).rows()
    assert row.source == "a.png"


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_killed_again_and_again(fill: Fill, tmp_path: Path) -> None:
    """kill -9 at any moment: at the end each result is there once, equal to the byte."""
    folder = fill(24)
    assert run(["run", str(folder), "-o", str(tmp_path / "whole"), *FAST]) == 0
    out, rng = tmp_path / "out", random.Random(3)
    command = [sys.executable, "-m", "derain", "run", str(folder), "-o", str(out), *FAST]
    kills = 0
    while True:
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        before = len(rows(out)) if out.exists() else 0
        if kills < 4:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if out.exists() and (out / MANIFEST).exists() and len(rows_of(out)) > before:
                    break
                time.sleep(0.01)
            time.sleep(rng.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            kills += 1
        _, told = process.communicate(timeout=120)
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, told
            break
    assert results(out) == results(tmp_path / "whole")
    assert set(Counter(row["source"] for row in rows(out)).values()) == {1}


def rows_of(out: Path) -> list[bytes]:
    return (out / MANIFEST).read_bytes().splitlines()[1:]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second(
    number: signal.Signals, fill: Fill, tmp_path: Path
) -> None:
    folder, out = fill(24, side=160), tmp_path / "out"
    command = [sys.executable, "-m", "derain", "run", str(folder), "-o", str(out), *FAST]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not results(out):
        time.sleep(0.02)
    process.send_signal(number)
    since = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert time.monotonic() - since < 5  # a second, on a machine with nothing else to do
    assert process.returncode == 130
    assert "interrupted" in told
    assert run(["run", str(folder), "-o", str(out), *FAST]) == 0
    assert len(results(out)) == 24


def test_a_run_that_changes_nothing_says_so(
    fill: Fill, tmp_path: Path, monkeypatch, capsys
) -> None:
    """As ``derain PICTURE`` does; the rows say it of each."""
    folder, one = fill(2), Derainer("fast", backend=Idle())
    monkeypatch.setattr("derain.batch.worker.Settings.derainer", lambda _: one)
    assert run(["run", str(folder), "-o", str(tmp_path / "idle"), *FAST, "--quiet"]) == 0
    assert NOTHING in " ".join(capsys.readouterr().err.split())
    assert [row["unchanged"] for row in rows(tmp_path / "idle")] == [True, True]
    monkeypatch.undo()
    assert run(["run", str(folder), "-o", str(tmp_path / "out"), *FAST, "--quiet"]) == 0
    assert not capsys.readouterr().err
    assert not any("unchanged" in row for row in rows(tmp_path / "out"))


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are text")
def test_a_name_that_is_no_text(fill: Fill, tmp_path: Path, capsys) -> None:
    """It is a picture as all others are."""
    folder, out = fill(2), tmp_path / "out"
    name = os.fsdecode(b"\xff\xc3\xa9.png")
    (folder / "000.png").rename(folder / name)
    for _ in range(2):
        assert run(["run", str(folder), "-o", str(out), *FAST]) == 0
        assert sorted(str(row["source"]) for row in rows(out)) == ["sub/001.png", name]
    assert run(["manifest", "verify", str(out)]) == 0
    (out / name).unlink()
    assert run(["manifest", "verify", str(out)]) == 1
    assert "\\udcff" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not know")
def test_a_name_of_signs_that_no_terminal_shows(tmp_path: Path, capsys) -> None:
    """It is JSON, and a terminal takes no command from it."""
    folder, out = tmp_path / "in", str(tmp_path / "out")
    folder.mkdir()
    (folder / "a\x7f\x9b\n.png").write_bytes(b"nonsense")
    assert run(["run", str(folder), "-o", out, *FAST]) == 1
    capsys.readouterr()
    for words in (["manifest", "failed", out], ["run", str(folder), "-o", out, *FAST]):
        assert run([*words, "--json"]) in (0, 1)
        told = capsys.readouterr().out
        assert json.loads(told)["source"] == "a\x7f\x9b\n.png"
        assert not {"\x7f", "\x9b"} & set(told)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_disk_that_is_full_under_the_manifest(tmp_path: Path) -> None:
    """It is named, when a row is written and when the file is closed."""
    manifest = Manifest(open_store(str(tmp_path)), {})
    manifest.open((0, 1))
    log: Any = manifest._log
    log._file.close()
    log._file = Path("/dev/full").open("ab")  # noqa: SIM115 - the manifest closes it
    for write in (lambda: manifest.append(Row("a.png", "1", "a.png", "done")), manifest.close):
        with pytest.raises(DiskFullError, match=r"-of-00001\.jsonl: no space left"):
            write()
