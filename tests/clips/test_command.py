"""``derain clip.mp4`` as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

import derain
from derain import VideoDerainer
from derain.cli.main import run
from derain.media import read_picture
from tests.cli.conftest import one_derainer  # noqa: F401
from tests.clips.made import EachFrame, Made, frames, make, picture, read, same, times

FAST = ("--model", "fast", "--backend", "onnxruntime")
SHORT = Made(times=times(6, 512), size=(64, 48))


def test_a_clip(tmp_path: Path, fast, capsys) -> None:
    source = make(tmp_path / "a.mp4", SHORT)
    assert run([str(source), *FAST, "--crf", "0", "--codec", "h264", "--json"]) == 0
    result = tmp_path / "a.derained.mp4"
    told = capsys.readouterr()
    record = json.loads(told.out)
    assert record["frames"] == 6
    assert (record["width"], record["height"], record["status"]) == (64, 48, "done")
    before, after = read(source), read(result)
    assert (after.times, after.others, after.title) == (before.times, before.others, before.title)
    dry = VideoDerainer(fast)(frames(source))
    for expected, new in zip(dry, frames(result), strict=True):
        assert np.abs(expected.astype(int) - new).mean() < 1.5
    assert run([str(source), *FAST]) == 7
    assert run([str(source), *FAST, "--skip-existing"]) == 0
    made = result.stat().st_mtime_ns
    assert run([str(source), *FAST, "--overwrite", "--strength", "0.5"]) == 0
    assert result.stat().st_mtime_ns != made


def test_nothing_changed(tmp_path: Path, monkeypatch, capsys) -> None:
    """As for pictures; a folder of frames is a clip, too."""
    source, folder = make(tmp_path / "a.mkv", SHORT), tmp_path / "in"
    folder.mkdir()
    for index, frame in enumerate(frames(source)):
        Image.fromarray(frame).save(folder / f"{index}.png")
    for clip, options in ((source, ()), (folder, ("--frames",))):
        for each, unchanged in ((same, True), (lambda pixels: 255 - pixels, False)):
            monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _, d=each: EachFrame(d))
            assert run([str(clip), *options, *FAST, "--quiet", "--overwrite"]) == 0
            assert ("no pixel was changed" in capsys.readouterr().err) == unchanged


def test_beside_it(tmp_path: Path, fast) -> None:
    source = make(tmp_path / "a.mp4", SHORT)
    assert run([str(source), *FAST, "--compare", "--save-rain"]) == 0
    both = list(frames(tmp_path / "a.derained.compare.mp4"))
    assert both[0].shape == (48, 132, 3)
    for old, new in zip(frames(source), both, strict=True):
        assert np.abs(old.astype(int) - new[:, :64]).mean() < 3
        assert new[:, 66].min() > 200
    rain = read(tmp_path / "a.derained.rain.mp4")
    assert len(rain.times) == 6
    assert not rain.others
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.derained.compare.mp4", "a.derained.mp4", "a.derained.rain.mp4", "a.mp4",
    ]  # fmt: skip


def test_folders_and_globs_mixed(tmp_path: Path, save, rainy, capsys) -> None:
    folder = tmp_path / "in"
    save("in/a.png", rainy[:40, :40])
    make(folder / "b.mkv", SHORT)
    make(folder / "c.mp4", SHORT)
    assert run([str(folder), *FAST, "--dry-run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run([str(folder), *FAST]) == 0
    done = sorted(p.name for p in (tmp_path / "in-derained").iterdir())
    assert done == ["a.png", "b.mkv", "c.mp4"]
    assert run([str(folder / "*"), *FAST, "--format", "jpg", "-o", f"{tmp_path}/out/"]) == 0
    done = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert done == ["a.jpg", "b.mkv", "c.mp4"]
    assert run([str(folder / "*.m*"), *FAST]) == 0
    assert "2 done" in capsys.readouterr().err
    assert run([str(folder / "*"), *FAST, "--skip-existing"]) == 0
    assert "left out 2 results" in capsys.readouterr().err


def test_a_part(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", SHORT)
    out = tmp_path / "b.mkv"
    assert run([str(source), *FAST, "--start", "0:0.08", "--end", "0.2", "-o", str(out)]) == 0
    assert len(list(frames(out))) == 3


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (["--start", "x"], 2, "seconds"),
        (["--start", "2", "--end", "1"], 2, "after"),
        (["--codec", "theora"], 2, "one of"),
        (["--crf", "99"], 2, "from 0 to 51"),
        (["-o", "x.avi"], 4, "ending"),
        (["-o", "x.png"], 4, "ending"),
        (["--frames"], 3, "folder"),
        (["--frames", "--compare"], 2, "none of"),
    ],
)
def test_refusals(options, code, word, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.mp4", SHORT)
    assert run(["a.mp4", *FAST, *options]) == code
    told = capsys.readouterr().err.strip()
    assert word in told
    assert len(told.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("names", "options", "told"),
    [
        (["a.png"], ["--codec", "nonsense", "--start", "3", "--crf", "900"],
         "--start, --codec, --crf: for video files only, and none was named"),
        (["a.png", "a.gif"], ["--end", "1"], "--end: for video files only"),
        (["a.mp4"], ["--format", "jpg", "--quality", "5"],
         "--format, --quality: for pictures only"),
        (["a.png", "a.mp4"], ["--codec", "nonsense"], "--codec must be one of"),
    ],
)  # fmt: skip
def test_options_that_nothing_can_use(
    names: list[str], options: list[str], told: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.mp4", SHORT)
    for name in ("a.png", "a.gif"):
        Image.fromarray(picture(0, (64, 48))).save(tmp_path / name)
    there = sorted(tmp_path.iterdir())
    for more in ((), ("--dry-run",)):
        assert run([*names, *FAST, *options, *more]) == 2
        assert told in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == there
    assert run(["a.*", *FAST, "--crf", "3", "--quality", "9", "--dry-run"]) == 0


def test_damage_is_named_and_what_is_there_is_written(tmp_path: Path, capsys) -> None:
    source = make(tmp_path / "a.mkv", Made(times=times(24, 512), size=(64, 48)))
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 4])
    assert run([str(source), *FAST]) == 1
    told = capsys.readouterr().err
    assert "damaged" in told
    assert len(read(tmp_path / "a.derained.mkv").times) >= 6


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "folder"])
def test_what_comes_meanwhile_stays(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    """As for pictures: only with --overwrite is it replaced."""
    source, frames_of = tmp_path / name, ("--frames",) if name == "folder" else ()
    still = [Image.fromarray(picture(index, (64, 48))) for index in range(3)]
    if name == "a.mp4":
        make(source, SHORT)
        theirs = tmp_path / "a.derained.mp4"
    elif name == "a.gif":
        still[0].save(source, save_all=True, append_images=still[1:])
        theirs = tmp_path / "a.derained.gif"
    else:
        source.mkdir()
        for index, frame in enumerate(still):
            frame.save(source / f"{index}.png")
        theirs = tmp_path / "folder-derained" / "2.png"

    def derain(pixels):
        theirs.parent.mkdir(exist_ok=True)
        theirs.write_bytes(b"somebody's")
        return pixels

    monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: EachFrame(derain))
    assert run([str(source), *frames_of, *FAST]) == 7
    assert "exists already" in capsys.readouterr().err
    assert theirs.read_bytes() == b"somebody's"
    if name == "a.mp4":  # what was worked out is not lost
        theirs.unlink()
        monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: EachFrame(pytest.fail))
        assert run([str(source), *FAST]) == 0
        assert "going on after 6 frames" in capsys.readouterr().err
        monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: EachFrame(derain))
    assert run([str(source), *frames_of, *FAST, "--overwrite"]) == 0
    assert theirs.read_bytes() != b"somebody's"


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.png", "folder"])
def test_large_frames_are_refused_where_that_is_asked_for(
    name: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    source, options = tmp_path / name, ["--frames"] if name == "folder" else []
    if name == "a.mp4":
        make(source, SHORT)
    elif name == "folder":
        source.mkdir()
        Image.fromarray(picture(0, (64, 48))).save(source / "1.png")
    else:
        still = [Image.fromarray(picture(index, (64, 48))) for index in range(3)]
        still[0].save(source, save_all=True, append_images=still[1:])
    monkeypatch.setattr("derain.clips.derainers.for_clips", lambda _: EachFrame(same))
    assert run([str(source), *FAST, *options, "--max-megapixels", "0.003"]) == 4
    assert "more than" in (told := capsys.readouterr().err) and "0.003" in told
    assert run([str(source), *FAST, *options, "--max-megapixels", "0.0031"]) == 0


def test_only_sound(tmp_path: Path, capsys) -> None:
    from tests.clips.made import _play, av

    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        _play(out, out.add_stream("libopus", rate=48000), 0.5)
    assert run([str(tmp_path / "a.mkv"), *FAST]) == 4
    assert "no video track" in capsys.readouterr().err


def test_without_the_extra(tmp_path: Path) -> None:
    """One line, that says what to install."""
    make(tmp_path / "a.mp4", SHORT)
    script = (
        "import sys; sys.modules['av'] = None; from derain.cli.main import run; "
        "sys.exit(run(['a.mp4', '--model', 'fast']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 12
    assert done.stderr.strip() == "derain: clips need PyAV: pip install 'derain[video]'"


def test_frames_of_a_folder(tmp_path: Path, fast, capsys) -> None:
    folder = tmp_path / "clip"
    folder.mkdir()
    for index in range(11):
        Image.fromarray(picture(index, (64, 48))).save(folder / f"frame{index + 1}.png")
    assert run([str(folder), "--frames", *FAST, "-o", str(tmp_path / "out")]) == 0
    assert "11 frames" in capsys.readouterr().err
    dry = VideoDerainer(fast)(picture(index, (64, 48)) for index in range(11))
    for index, expected in enumerate(dry):
        clean = read_picture(tmp_path / "out" / f"frame{index + 1}.png").colour
        assert np.array_equal(clean, expected)
    assert run([str(folder), "--frames", *FAST, "-o", str(tmp_path / "out")]) == 7
    (tmp_path / "out" / "frame7.png").unlink()
    assert (
        run([str(folder), "--frames", *FAST, "-o", str(tmp_path / "out"), "--skip-existing"]) == 0
    )
    assert "1 frames" in capsys.readouterr().err
    Image.fromarray(picture(0, (32, 32))).save(folder / "frame3.png")
    assert run([str(folder), "--frames", *FAST, "-o", str(tmp_path / "other")]) == 4
    assert "frame3.png" in capsys.readouterr().err
    assert len(list((tmp_path / "other").iterdir())) == 2


def test_in_python(tmp_path: Path, fast) -> None:
    source = make(tmp_path / "a.mkv", Made("ffv1", "bgr0", times=SHORT.times, size=(64, 48)))
    dry = list(derain.video(source, fast))
    assert len(dry) == 6
    for expected, new in zip(VideoDerainer(fast)(frames(source)), dry, strict=True):
        assert new.dtype == np.uint8
        assert np.array_equal(expected, new)
    assert len(list(derain.video(source, fast, start=0.08, end=0.2))) == 3
    deep = make(tmp_path / "b.mkv", Made("ffv1", "yuv420p10le", times=times(3, 512), size=(64, 48)))
    assert [frame.dtype for frame in derain.video(deep, fast)] == [np.uint16] * 3
    with pytest.raises(derain.InputNotFoundError):
        next(derain.video(tmp_path / "none.mp4", fast))
