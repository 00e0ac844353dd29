"""Sets enlarged and turned: what is measured, under which names, and what is told of it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.errors import UsageError
from derain.evaluation import (
    Kept,
    Results,
    compare,
    gains_kept,
    make_views,
    open_testset,
    read_entries,
    summarise,
    verify,
    with_views,
)
from derain.evaluation.report.tables import cross_domain_table, kept_table
from derain.metrics import Scorer, psnr
from derain.zoo import load_model

Pixels = NDArray[np.uint8]


def run(
    *words: str,
    enlarge: tuple[float, ...] = (),
    turn: tuple[float, ...] = (),
    data: str = "s=pairs",
) -> Results:
    testsets = with_views([open_testset(data, "pairs")], make_views(enlarge, turn))
    return compare(read_entries(words), testsets, Scorer(["matlab-y", "rgb"]), Path("out"))


def derain(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "derain", *arguments], capture_output=True, text=True, check=False
    )


def test_sets_have_names_of_their_own(workplace: Path) -> None:
    sets = [
        open_testset("p=pairs", "pairs", ["0", "2"]),
        open_testset("d=dry", "rain-free", limit=3),
        open_testset("r=real", "real"),
    ]
    seen = with_views(sets, make_views([2, 0.5, 2.0], [45, -90]))
    assert [t.name for t in seen] == [
        "p", "p x2", "p x0.5", "p turned 45", "p turned -90",
        "d", "d x2", "d x0.5", "d turned 45", "d turned -90",
        "r",
    ]  # fmt: skip
    assert [i.name for i in seen[1].items] == ["0", "2"]
    assert [len(t.items) for t in seen[5:]] == [3, 3, 3, 3, 3, 4]
    assert with_views(sets, []) == sets
    with pytest.raises(UsageError, match="add --data"):
        with_views(sets[2:], make_views([2], []))


def test_scores_are_those_of_changed_pictures(workplace: Path) -> None:
    results = run("input", "fast", enlarge=(1.5,), turn=(90,))
    fast = Derainer("fast")
    changed = {
        "s x1.5": lambda image: image.resize((384, 384), Image.Resampling.BICUBIC),
        "s turned 90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    }
    for dataset, change in changed.items():
        for index in range(4):
            rainy, clean = (
                np.asarray(change(Image.open(f"pairs/{role}/{index}.png")))
                for role in ("rainy", "clean")
            )
            records = {
                r.model: r for r in results.records if (r.dataset, r.name) == (dataset, str(index))
            }
            assert (records["fast"].height, records["fast"].width) == rainy.shape[:2]
            before = psnr(rainy, clean, "rgb")
            after = psnr(fast(rainy), clean, "rgb")
            assert records["input"].scores["psnr/rgb"] == pytest.approx(before, abs=1e-4)
            assert records["fast"].scores["gain/rgb"] == pytest.approx(after - before, abs=0.01)


def test_views_are_resumed(workplace: Path) -> None:
    def calls() -> int:
        return len(Path("calls.txt").read_text())

    run("callables:counted", turn=(30,))
    assert calls() == 8
    run("callables:counted", turn=(30,), enlarge=(2,))
    assert calls() == 12
    Path("out/restored/callables.counted/s turned 30/1.png").unlink()
    run("callables:counted", turn=(30,), enlarge=(2,))
    assert calls() == 13


def test_gain_kept(workplace: Path) -> None:
    """Over the pictures that have both; one is too small when turned, and is named."""
    for role in ("rainy", "clean"):
        path = Path(f"pairs/{role}/3.png")
        Image.open(path).crop((0, 0, 28, 28)).save(path)
    results = run("input", "fast", turn=(45, 180))
    failed = [r for r in results.records if r.error]
    assert {(r.dataset, r.name) for r in failed} == {("s turned 45", "3")}
    for record in failed:
        assert "pairs/rainy/3.png: 28x28 pixels turned by 45 degrees leave" in str(record.error)
    kept = {(k.view, k.score): k for k in gains_kept(results)}
    assert {k.model for k in kept.values()} == {"fast"}
    assert {k.n for k in kept.values() if k.view == "turned 45"} == {3}
    gains = {
        (r.dataset, r.name): r.scores["gain/rgb"]
        for r in results.records
        if r.model == "fast" and not r.error
    }
    for view, names in (("turned 45", "012"), ("turned 180", "0123")):
        own = kept[view, "gain/rgb"]
        before = np.mean([gains["s", name] for name in names])
        after = np.mean([gains[f"s {view}", name] for name in names])
        assert own.before == pytest.approx(before) and own.after == pytest.approx(after)
        assert own.percent == pytest.approx(100 * after / before)
    table = kept_table(gains_kept(results))
    assert table is not None
    assert [row[:4] for row in table.rows] == [
        ["fast", "s", "turned 45", "3"], ["fast", "s", "turned 180", "4"],
    ]  # fmt: skip
    assert table.rows[0][-1].endswith("%")
    assert kept_table(gains_kept(run("fast"))) is None


def test_no_share_of_nothing() -> None:
    kept = Kept("m", "s", "x2", "gain/rgb", before=0.05, after=-3.0, n=4)
    assert kept.percent is None
    table = kept_table([kept])
    assert table is not None and table.rows[0][-1] == "-"
    assert dataclasses.replace(kept, before=4, after=-1).percent == -25


def test_results_of_others_are_taken_for_no_other_view(workplace: Path) -> None:
    """A finished result fits a picture turned by 180 degrees in size only."""
    run("input", turn=(180,))
    Path("theirs").mkdir()
    for index in range(4):
        Path(f"out/restored/input/s/{index}.png").rename(f"theirs/{index}.png")
    errors = {r.error for r in run("theirs", turn=(180,)).records if r.dataset != "s"}
    assert len(errors) == 4
    assert all("name it s turned 180/" in str(error) for error in errors)
    Path("out/restored/input/s turned 180").rename("theirs/s turned 180")
    results = run("theirs", turn=(180,))
    assert not results.failures
    assert {round(r.scores["gain/rgb"], 3) for r in results.records} == {0}


def test_views_are_at_home_where_their_set_is(workplace: Path) -> None:
    results = run("fast", turn=(90,), data="Rain800=pairs")
    rows = summarise(results)
    assert [(row.dataset, row.home) for row in rows] == [
        ("Rain800", True), ("Rain800 turned 90", True),
    ]  # fmt: skip
    table = cross_domain_table(rows, results)
    assert table is not None and table.head[2:] == ["Rain800"]
    # Cards have scores of sets as they are, so views are held against nothing.
    found = {k: m.value for k, m in rows[0].scores.items() if k.startswith("psnr")}
    card = dataclasses.replace(load_model("fast").card, scores={"Rain800": {**found, "n": 4}})
    verdicts = verify(card, rows)
    assert verdicts and {v.dataset for v in verdicts} == {"Rain800"}


def test_the_command(workplace: Path) -> None:
    """Pairs, dry and real pictures, a subset, and a card that is verified."""
    Path("subset.json").write_text(json.dumps({"rain800": ["0", "1"], "dry": ["2"]}))
    done = derain(
        "evaluate", "input", "fast", "--data", "rain800=pairs", "--rain-free", "dry=dry", "--real",
        "photos=real", "--turn", "-45", "90", "--enlarge", "1.5", "--subset", "subset.json",
        "--verify", "--backend", "onnxruntime", "--limit", "2",
    )  # fmt: skip
    assert done.returncode == 17, done.stderr  # the card's scores are those of other pictures
    told = done.stderr.splitlines()[0]
    assert told.startswith("derain: also measured: rain800 x1.5, rain800 turned -45, rain800")
    assert "dry turned 90; real rain has no ground truth and is measured as it is: photos" in told
    assert "not on the cards, so not verified: rain800 x1.5" in done.stdout
    assert "Gain kept in other views, gain/matlab-y" in done.stdout
    text = Path("evaluation/report.md").read_text()
    assert "## rain800 turned -45 (pairs)" in text
    assert "## dry x1.5 (rain-free)" in text
    assert "## Gain kept in other views, gain/matlab-y" in text
    assert "Gain kept in other views" in Path("evaluation/report.html").read_text()
    values = json.loads(Path("evaluation/report.json").read_text())
    kept = [k for k in values["gains kept"] if k["score"] == "gain/matlab-y"]
    assert [k["view"] for k in kept] == ["x1.5", "turned -45", "turned 90"]
    assert f"{kept[0]['percent']:.0f}%" in text
    dry = [row for row in values["rows"] if row["dataset"].startswith("dry")]
    assert len(dry) == 8 and {row["scores"]["psnr/rgb"]["n"] for row in dry} == {1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--enlarge", "0"), "cannot be enlarged by 0"),
        (("--enlarge", "-1"), "cannot be enlarged by -1"),
        (("--enlarge", "2", "8.5"), "cannot be enlarged by 8.5"),
        (("--enlarge", "nan"), "cannot be enlarged by nan"),
        (("--enlarge", "twice"), "twice"),
        (("--enlarge",), "--enlarge: give at least one number"),
        (("--turn", "45", "nan"), "cannot be turned by nan degrees"),
        (("--turn", "400"), "cannot be turned by 400 degrees"),
        (("--turn",), "--turn: give at least one number"),
    ],
)
def test_bad_values_are_told_before_any_work(
    options: tuple[str, ...], message: str, workplace: Path
) -> None:
    done = derain("evaluate", "input", "--data", "x=nowhere", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_real_rain_alone_has_no_views(workplace: Path) -> None:
    done = derain("evaluate", "input", "--real", "x=real", "--turn", "45")
    assert done.returncode == 2
    assert "add --data NAME=PATH" in done.stderr
    assert not Path("evaluation").exists()
