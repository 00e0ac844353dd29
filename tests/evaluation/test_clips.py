"""Clips in an evaluation: how they are found, derained, scored, gone on with, and shown."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from derain import Derainer, VideoDerainer
from derain.cli.main import run as command
from derain.data import read_rgb
from derain.errors import DatasetError, DerainError, UsageError
from derain.evaluation import (
    Results,
    compare,
    make_views,
    open_testset,
    read_entries,
    summarise,
    with_views,
    write_report,
)
from derain.evaluation.clip_pairs import pair_clips
from derain.evaluation.methods import ClipTask, Method, make_method
from derain.metrics import Scorer
from derain.rain.clips import ClipStyle, make_clip
from tests.clips.made import Made, make, times

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]

STYLE = ClipStyle(
    frames=6, height=48, width=64, cameras=("pan",), near=(0, 0), moving=(0, 0), rain=("dense",)
)


def write(folder: Path, frames: NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, 9):  # 9, 10, ...: in order by number, not by name
        Image.fromarray(frame).save(folder / f"{number}.png")


@pytest.fixture
def clips(workplace: Path, photos: list[Pixels]) -> Path:
    """a1_Rain, a1_GT and the same of a2, of six small frames each, in the folder ``ntu``."""
    for index, name in enumerate(("a1", "a2")):
        clip = make_clip(photos, STYLE, index)
        write(workplace / "ntu" / f"{name}_Rain", clip.rainy)
        write(workplace / "ntu" / f"{name}_GT", clip.clean)
    return workplace


def frames_of(folder: Path) -> list[Pixels]:
    return [read_rgb(path) for path in sorted(folder.iterdir(), key=lambda p: int(p.stem))]


def run(*words: str, protocols: tuple[str, ...] = ("matlab-y",), limit: int = 0) -> Results:
    sets = [open_testset("ntu=ntu", "clips", limit=limit)]
    return compare(read_entries(words), sets, Scorer(protocols), Path("out"), "onnxruntime")


def test_names_of_ntu_rain(clips: Path) -> None:
    ntu = clips / "ntu"
    (ntu / "a2_GT").rename(ntu / "A2_gt")
    for tail in ("_01", "_02"):
        shutil.copytree(ntu / "a1_Rain", ntu / f"t1_rain{tail}")
    shutil.copytree(ntu / "a1_GT", ntu / "t1_GT")
    shutil.copytree(ntu / "a1_GT", ntu / "t9_GT")
    pairs, lonely = pair_clips(ntu)
    assert [(p.name, p.rainy.name, p.clean.name) for p in pairs] == [
        ("a1", "a1_Rain", "a1_GT"),
        ("a2", "a2_Rain", "A2_gt"),
        ("t1_01", "t1_rain_01", "t1_GT"),
        ("t1_02", "t1_rain_02", "t1_GT"),
    ]
    assert [path.name for path in lonely] == ["t9_GT"]


@pytest.mark.parametrize(("rainy", "clean"), [("rainy", "clean"), ("input", "gt"),
                                              ("rain", "norain")])  # fmt: skip
def test_two_folders_of_clips(rainy: str, clean: str, clips: Path) -> None:
    """Files and folders of frames beside each other, whatever their endings."""
    for folder, source in ((rainy, "a1_Rain"), (clean, "a1_GT")):
        shutil.copytree(clips / "ntu" / source, clips / "two" / folder / "x")
        make(clips / "two" / folder / ("y.mp4" if folder == rainy else "y.mkv"))
    make(clips / "two" / rainy / "z.mp4")
    (clips / "two" / rainy / "notes.txt").write_text("no clip")
    testset = open_testset("t=two", "clips")
    assert [item.name for item in testset.items] == ["x", "y"]
    assert [path.name for path in testset.unpaired] == ["z.mp4"]


def test_folders_that_hold_no_pairs(clips: Path) -> None:
    for folder in ("empty", "flat/rainy", "flat/clean"):
        (clips / folder).mkdir(parents=True)
    for role in ("rainy", "clean"):
        Image.new("RGB", (32, 32)).save(clips / "flat" / role / "1.png")
    for folder in ("empty", "flat"):
        with pytest.raises(DatasetError, match="no pairs of clips; known are rainy/ and clean/"):
            open_testset(f"x={folder}", "clips")
    with pytest.raises(DatasetError, match="nowhere: no such folder"):
        open_testset("x=nowhere", "clips")
    shutil.copytree(clips / "ntu" / "a1_Rain", clips / "twice" / "rainy" / "a")
    make(clips / "twice" / "rainy" / "a.mp4")
    shutil.copytree(clips / "ntu" / "a1_GT", clips / "twice" / "clean" / "a")
    with pytest.raises(DatasetError, match="have one name; rename one"):
        open_testset("x=twice", "clips")


def test_scores_are_those_of_scikit_image(clips: Path) -> None:
    results = run("input", "dark=callables:darker")
    assert not results.failures
    for record in results.records:
        rainy, clean = (frames_of(Path(f"ntu/{record.name}_{role}")) for role in ("Rain", "GT"))
        made = rainy if record.model == "input" else [(f * 0.9).astype(np.uint8) for f in rainy]
        out = Path("out/restored", record.model, "ntu", record.name)
        kept = [read_rgb(out / f"{number:06}.png") for number in range(1, 7)]
        assert sorted(path.name for path in out.iterdir())[-1] == "000006.png"
        np.testing.assert_array_equal(kept, made)
        luma = [[rgb2ycbcr(x)[..., 0] for x in frames] for frames in (made, clean, rainy)]
        curve, before = (
            [peak_signal_noise_ratio(b, a, data_range=255) for a, b in zip(x, luma[1], strict=True)]
            for x in (luma[0], luma[2])
        )
        alike = []
        for a, b in zip(*luma[:2], strict=True):
            _, full = structural_similarity(
                a, b, data_range=255, gaussian_weights=True, sigma=1.5,
                use_sample_covariance=False, full=True,
            )  # fmt: skip
            alike.append(full[5:-5, 5:-5].mean())
        expected = {
            "psnr/matlab-y": np.mean(curve),
            "input/matlab-y": np.mean(before),
            "gain/matlab-y": np.mean(curve) - np.mean(before),
            "ssim/matlab-y": np.mean(alike),
            "worst/matlab-y": min(curve),
            "psnr/inner/matlab-y": np.mean(curve[2:4]),
            "ssim/inner/matlab-y": np.mean(alike[2:4]),
            "bias": np.mean([a.astype(float) - b for a, b in zip(made, clean, strict=True)]),
        }
        for name, value in expected.items():
            assert record.scores[name] == pytest.approx(value, abs=2e-4), name
        assert record.curves["psnr/matlab-y"] == pytest.approx(curve, abs=1e-3)
        assert (record.frames, record.width, record.height) == (6, 64, 48)
        assert record.scores["flicker"] > record.scores["flicker/truth"] > 0
    row = next(row for row in summarise(results) if row.model == "dark")
    assert row.scores["psnr/matlab-y"].value == pytest.approx(
        np.mean([r.scores["psnr/matlab-y"] for r in results.records if r.model == "dark"])
    )
    assert row.n == 2


def test_our_models_go_by_time_and_others_by_frame(clips: Path, fast: Derainer) -> None:
    """``still:`` takes the network alone, the name alone takes what ``derain`` takes for clips."""
    rainy = frames_of(Path("ntu/a1_Rain"))

    def task() -> ClipTask:
        return ClipTask("ntu", "a1", iter(rainy))

    still, moving = (make_method(word, "onnxruntime") for word in ("still:fast", "fast"))
    np.testing.assert_array_equal(list(still.restore_clip(task())), [fast(f) for f in rainy])
    np.testing.assert_array_equal(
        list(moving.restore_clip(task())), list(VideoDerainer(fast)(rainy))
    )
    assert still.fingerprint == still.fingerprint_on_clips() == moving.fingerprint
    assert moving.fingerprint_on_clips() != moving.fingerprint  # as pictures it stays what it was
    assert [entry.label for entry in read_entries(["fast", "still:fast"])] == ["fast", "still.fast"]


def test_what_is_there_is_not_done_again(clips: Path) -> None:
    """A run goes on with what is missing; a clip that lost a frame is derained again."""
    first = run("callables:counted", limit=1)
    (line,) = map(json.loads, Path("out/records.jsonl").read_text().splitlines())
    assert line["frames"] == 6 and "psnr/matlab-y" in line["curves"]
    assert len(Path("calls.txt").read_text()) == 6
    both = run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 12
    assert both.records[0] == first.records[0]
    Path("out/restored/callables.counted/ntu/a2/000003.png").unlink()
    again = run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 18
    assert again.records[1].scores == both.records[1].scores
    for path in Path("ntu/a2_GT").iterdir():  # another truth
        Image.fromarray(read_rgb(path) // 2).save(path)
    assert run("callables:counted").records[1].scores != again.records[1].scores
    assert not list(Path("out/restored").rglob("*.part"))


def test_clips_that_fail(clips: Path) -> None:
    """Each is a record that says why; the others are scored, and nothing is cut to fit."""
    Path("ntu/a2_GT/14.png").unlink()
    shorter, good = run("input").records[1], run("input").records[0]
    assert shorter.error and not good.error
    assert "a2_Rain has 6 frames, its truth ntu/a2_GT has 5" in shorter.error
    shutil.copy("ntu/a2_GT/13.png", "ntu/a2_GT/14.png")
    for path in Path("ntu/a2_GT").iterdir():
        Image.fromarray(read_rgb(path)[:40]).save(path)
    (other,) = [r for r in run("input").records if r.error]
    assert other.error and "differ in size: ntu/a2_Rain is 64x48" in other.error
    assert "ntu/a2_GT is 64x40" in other.error
    for word, message in (
        ("callables:half", "shape is (24, 64, 3)"),
        ("callables:raises", "no such thing"),
    ):
        failed = run(word, limit=1).records[0]
        assert failed.error and message in failed.error
        assert not failed.scores
    assert not Path("out/restored/callables.raises/ntu/a1").exists()


def test_files_of_different_length(clips: Path) -> None:
    """Files say how long they are when they end."""
    for role, count in (("rainy", 6), ("clean", 5)):
        (clips / "files" / role).mkdir(parents=True)
        make(
            clips / "files" / role / "v.mkv", Made(codec="ffv1", times=times(count, 512), sound=())
        )
    sets = [open_testset("f=files", "clips")]
    (record,) = compare(read_entries(["input"]), sets, Scorer(["rgb"]), Path("out")).records
    assert record.error and "differ in frames: files/rainy/v.mkv has 6" in record.error
    assert "files/clean/v.mkv has 5" in record.error


def test_finished_results(clips: Path) -> None:
    """Folders of frames and files, with a set or without, under marks or not."""
    own = run("dark=callables:darker")
    shutil.copytree("out/restored/dark/ntu/a1", "theirs/ntu/a1")
    shutil.copytree("out/restored/dark/ntu/a2", "theirs/a2_Rain")
    theirs = run("theirs")
    assert [r.scores for r in theirs.records] == [r.scores for r in own.records]
    Path("theirs/ntu/a1/000006.png").unlink()
    shutil.rmtree("theirs/a2_Rain")
    short, missing = run("theirs").records
    assert short.error and "out/restored/theirs/ntu/a1 has 5" in short.error
    assert missing.error and "no result for the clip ntu/a2; name it ntu/a2.mp4" in missing.error
    make(
        Path("theirs/ntu/a2.mkv"), Made(codec="ffv1", size=(64, 48), times=times(6, 512), sound=())
    )
    assert run("theirs").records[1].error is None


class Forgetful(Method):
    """Loses the first frame."""

    def restore_clip(self, task: ClipTask) -> Iterator[Pixels]:
        next(task.frames)
        yield from task.frames


def test_a_method_gives_as_many_frames_as_it_got(clips: Path) -> None:
    (item, _) = open_testset("ntu=ntu", "clips").items
    with pytest.raises(DerainError, match="the result has 5 frames, the clip 6"):
        item.restore(Forgetful(), "ntu", Path("out/a1"))
    assert not list(Path("out").iterdir())


def test_clips_have_no_views(clips: Path) -> None:
    sets = [open_testset("ntu=ntu", "clips")]
    with pytest.raises(UsageError, match="for pictures with ground truth"):
        with_views(sets, make_views([2], []))
    both = with_views([*sets, open_testset("s=pairs", "pairs")], make_views([2], []))
    assert [testset.name for testset in both] == ["ntu", "s", "s x2"]


class Page(HTMLParser):
    """Counts what is open, and keeps what a player consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.json: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"] and data.startswith("["):
            self.json.append(json.loads(data))


def pictures(uris: list[str]) -> Iterator[Pixels]:
    for uri in uris:
        with urlopen(uri) as data, Image.open(BytesIO(data.read())) as image:
            assert image.format == "JPEG"
            yield np.asarray(image)


def test_the_report(clips: Path) -> None:
    results = run("input", "dark=callables:darker", "$x$<b>=callables:darker")
    page, text, data = write_report(results, summarise(results), ("matlab-y",), "derain evaluate")
    html = Page()
    html.feed(page.read_text())
    assert not html.open
    players = [a for tag, a in html.tags if tag == "section" and a.get("class") == "player"]
    assert [json.loads(a["data-numbers"] or "") for a in players] == [[1, 2, 3, 4, 5, 6]] * 2
    captions = [a["alt"] for tag, a in html.tags if tag == "img"][:5]
    assert captions == ["rainy", "dark", "$x$<b>", "truth", "rainy"]
    assert len(html.json) == 8
    shown = list(pictures(html.json[0]))
    for small, frame in zip(shown, frames_of(Path("ntu/a1_Rain")), strict=True):
        assert peak_signal_noise_ratio(frame, small) > 25
    knobs = [a for tag, a in html.tags if tag == "input" and "frame of" in (a["aria-label"] or "")]
    assert [(a["type"], a["max"]) for a in knobs] == [("range", "5")] * 2
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page.read_text())
    ids = [a["id"] for _, a in html.tags if "id" in a]
    assert len(ids) == len(set(ids))

    worst = results.records[2]
    frame = int(np.argmin(worst.curves["psnr/matlab-y"])) + 1
    row = next(line for line in text.read_text().splitlines() if line.startswith("| a1 | dark"))
    assert row.endswith(f"| {frame} |")
    assert f"{worst.scores['worst/matlab-y']:.2f}" in row
    assert f"a1, frame {frame} (gain" in page.read_text()  # among the cases
    values = json.loads(data.read_text())
    assert values["pictures"][2]["curves"] == worst.curves
    assert values["rows"][0]["scores"]["flicker"]["n"] == 2


def test_long_and_large_clips_are_shown_in_part(workplace: Path) -> None:
    frames = np.full((30, 24, 500, 3), 90, np.uint8)
    for role in ("Rain", "GT"):
        write(workplace / "ntu" / f"a1_{role}", frames)
    results = run("input")
    page = Page()
    page.feed(write_report(results, summarise(results), ("matlab-y",), "x")[0].read_text())
    (player,) = [a for tag, a in page.tags if a.get("class") == "player"]
    numbers = json.loads(player["data-numbers"] or "")
    assert len(numbers) == 24 and numbers[0] == 1 and player["data-length"] == "30"
    assert next(pictures(page.json[0])).shape == (23, 480, 3)


def test_the_command(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "input", "callables:picky", "--protocol", "rgb", "-o", "out"]
    shutil.copytree("ntu/a1_GT", "ntu/lonely_GT")
    assert command([*words, "--clips", "ntu=ntu"]) in (0, 1)
    told = capsys.readouterr()
    assert "ntu: 1 clips without a partner are left out, such as ntu/lonely_GT" in told.err
    assert "flicker/truth" in told.out and "ntu, each clip" in told.out
    assert command(["evaluate", "callables:raises", "--clips", "ntu=ntu", "-o", "bad"]) == 1
    assert "callables.raises: ntu/a1: RuntimeError: no such thing" in capsys.readouterr().err
    assert "## Failures" in Path("bad/report.md").read_text()
    assert command(["evaluate", "input"]) == 2
    assert "or --clips" in capsys.readouterr().err
