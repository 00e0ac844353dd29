"""Methods side by side: what is run, what is resumed, and what happens when something breaks."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.errors import DatasetError, DerainError, OutputConflictError, UsageError
from derain.evaluation import (
    Results,
    compare,
    open_testset,
    read_entries,
    read_subset,
    summarise,
    verify,
)
from derain.evaluation.report.tables import cross_domain_table
from derain.evaluation.run import results_folder
from derain.locks import held_alone
from derain.metrics import Scorer, niqe, psnr, rain_mask, ssim, streak_removal
from derain.zoo import load_model

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]

SCORER = Scorer(["matlab-y", "rgb"])


def run(*words: str, sets: tuple[tuple[str, str], ...] = (("s=pairs", "pairs"),)) -> Results:
    testsets = [open_testset(named, kind) for named, kind in sets]  # type: ignore[arg-type]
    return compare(read_entries(words), testsets, SCORER, Path("out"), "onnxruntime")


def test_scores_are_those_of_the_metrics(workplace: Path, photos: list[Pixels]) -> None:
    results = run("input", "fast", "callables:darker")
    derainer = Derainer("fast", backend="onnxruntime")
    rainy = [np.asarray(Image.open(f"pairs/rainy/{i}.png")) for i in range(4)]
    expected = {
        "input": rainy,
        "fast": [derainer(image) for image in rainy],
        "callables.darker": [(image * 0.9).astype(np.uint8) for image in rainy],
    }
    assert len(results.records) == 12
    for record in results.records:
        index = int(record.name)
        restored = expected[record.model][index]
        for protocol in ("matlab-y", "rgb"):
            value = psnr(restored, photos[index], protocol)
            assert record.scores[f"psnr/{protocol}"] == pytest.approx(value, abs=1e-4)
            before = psnr(rainy[index], photos[index], protocol)
            assert record.scores[f"gain/{protocol}"] == pytest.approx(value - before, abs=1e-4)
            assert record.scores[f"ssim/{protocol}"] == pytest.approx(
                ssim(restored, photos[index], protocol), abs=1e-4
            )
        assert record.scores["niqe"] == pytest.approx(niqe(restored), abs=1e-4)
        mask = rain_mask(rainy[index], photos[index])
        removal = streak_removal(rainy[index], restored, mask)
        assert removal is not None
        found = record.scores["streaks/inside"], record.scores["streaks/outside"]
        assert found == pytest.approx(removal, abs=1e-4)
    # By hand: nothing goes where nothing is done, and 0.9 of the light has 0.81 of the energy.
    streaks = {
        r.model: [r.scores["streaks/inside"], r.scores["streaks/outside"]]
        for r in results.records
        if r.name == "0"
    }
    assert streaks["input"] == [0, 0]
    assert streaks["callables.darker"] == pytest.approx([0.19, 0.19], abs=0.01)
    rows = {row.model: row for row in summarise(results)}
    assert rows["fast"].peak_mb > rows["input"].peak_mb > 10  # type: ignore[operator]
    assert rows["fast"].seconds_per_mp > 0  # type: ignore[operator]
    mean = np.mean([psnr(r, c) for r, c in zip(expected["fast"], photos, strict=True)])
    assert rows["fast"].scores["psnr/matlab-y"].value == pytest.approx(mean, abs=1e-4)


def test_dry_and_real_sets(workplace: Path) -> None:
    results = run("input", "fast", sets=(("d=dry", "rain-free"), ("r=real", "real")))
    rows = {(row.dataset, row.model): row.scores for row in summarise(results)}
    assert rows["d", "input"]["psnr/rgb"].value == 100
    assert 25 < rows["d", "fast"]["psnr/rgb"].value < 100
    assert rows["d", "input"]["touched"].value == 0
    assert "psnr/rgb" not in rows["r", "fast"]
    assert {"niqe", "touched"} <= set(rows["r", "fast"])


def test_a_finished_run_is_not_done_again(workplace: Path) -> None:
    run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 4
    again = run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 4
    assert len(again.records) == 4
    # What has changed is done again, and only that: a picture, a lost result, a torn record.
    Image.open("pairs/rainy/1.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
        "pairs/rainy/1.png"
    )
    Path("out/restored/callables.counted/s/2.png").unlink()
    records = Path("out/records.jsonl")
    records.write_bytes(records.read_bytes()[:-20])
    run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 7
    run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 7
    # A method that has changed is another method.
    Path("callables.py").write_text(Path("callables.py").read_text() + "\n# changed\n")
    run("callables:counted")
    assert len(Path("calls.txt").read_text()) == 11


@pytest.mark.parametrize(
    ("function", "message"),
    [("half", r"shape is \(128, 256, 3\)"), ("floats", "uint8"), ("raises", "no such thing"),
     ("dies", "process died")],
)  # fmt: skip
def test_a_method_that_fails_takes_nothing_with_it(
    function: str, message: str, workplace: Path
) -> None:
    results = run(f"callables:{function}", "input")
    errors = [r.error for r in results.records if r.model == f"callables.{function}"]
    assert len(errors) == 4
    for error in errors:
        assert re.search(message, error or "")
    rows = {row.model: row for row in summarise(results)}
    assert rows["input"].scores["psnr/rgb"].n == 4
    assert rows[f"callables.{function}"].failed == 4
    assert not rows[f"callables.{function}"].scores


def test_a_picture_that_fails_is_in_no_mean_and_is_tried_again(workplace: Path) -> None:
    results = run("callables:picky")
    (row,) = summarise(results)
    assert 0 < row.failed < 4
    assert row.scores["psnr/rgb"].n == 4 - row.failed
    assert len(run("callables:picky").records) == 4


def test_a_damaged_picture_is_named(workplace: Path) -> None:
    Path("pairs/rainy/3.png").write_bytes(b"not a picture")
    results = run("input")
    (failed,) = [r for r in results.records if r.error]
    assert "pairs/rainy/3.png" in failed.error  # type: ignore[operator]


def test_results_of_others(workplace: Path) -> None:
    run("fast")
    folder = Path("out/restored/fast/s")
    Path("theirs").mkdir()
    for path in folder.iterdir():
        path.rename(Path("theirs") / f"{path.stem}_clean.png")
    results = run("theirs", "fast")
    rows = {row.model: row for row in summarise(results)}
    assert rows["theirs"].scores == rows["fast"].scores
    assert rows["theirs"].home is None
    Path("theirs/2_clean.png").unlink()
    (failed,) = [r for r in run("theirs").records if r.error]
    assert "name it s/2.png" in failed.error  # type: ignore[operator]


def test_results_that_were_renamed_are_scored_again(workplace: Path) -> None:
    """The same pictures in the same order, but not of the same pictures."""
    Path("theirs").mkdir()
    for index in range(4):
        shutil.copy(f"pairs/clean/{index}.png", f"theirs/{index + 1}.png")  # off by one
    wrong = [record for record in run("theirs").records if not record.error]
    assert len(wrong) == 3
    assert all(record.scores["psnr/rgb"] < 40 for record in wrong)
    for index in range(4):
        Path(f"theirs/{index + 1}.png").rename(f"theirs/{index}.png")
    right = run("theirs").records
    assert [record.scores["psnr/rgb"] for record in right] == 4 * [100]


def test_models_by_file(workplace: Path) -> None:
    model = load_model("fast")
    onnx = model.folder / model.card.onnx
    weights = model.folder / model.card.weights
    results = run(f"a={onnx}", f"b={weights}", "c=fast")
    means = {row.model: row.scores["psnr/rgb"].value for row in summarise(results)}
    assert means["a"] == pytest.approx(means["c"], abs=1e-6)
    assert means["b"] == pytest.approx(means["c"], abs=0.01)
    assert "torch" in results.methods["b"].about


def test_trained_on_against_tested_on(workplace: Path) -> None:
    results = run("fast", "input", "callables:darker", sets=(("Rain800=pairs", "pairs"),))
    table = cross_domain_table(summarise(results), results)
    assert table is not None
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["fast"][0].startswith("rain800, ")
    assert rows["fast"][1].endswith("*")
    assert rows["callables.darker"][0] == "unknown"
    assert "input" not in rows


def test_scores_stand_beside_the_pictures_of_their_method(workplace: Path) -> None:
    """Two methods under one label into one folder: the first one's records are of no use then."""
    first, *_ = run("m=input").records
    result = results_folder(Path("out"), "m", "s") / f"{first.name}.png"
    rainy = np.asarray(Image.open(result))
    run("m=callables:darker")
    assert not np.array_equal(np.asarray(Image.open(result)), rainy)
    again, *_ = run("m=input").records
    assert again.scores == first.scores
    assert np.array_equal(np.asarray(Image.open(result)), rainy)


def test_scores_stand_beside_the_pictures_they_are_of(workplace: Path) -> None:
    """Another set of the same names in between: what was scored before lies there no more."""
    first, *_ = run("m=input").records
    shutil.copytree("pairs", "others")
    for path in Path("others").rglob("*.png"):
        Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
    run("m=input", sets=(("s=others", "pairs"),))
    again, *_ = run("m=input").records
    assert again.scores == first.scores
    result = results_folder(Path("out"), "m", "s") / f"{first.name}.png"
    rainy = next(Path("pairs", "rainy").glob(f"{first.name}.*"))
    np.testing.assert_array_equal(np.asarray(Image.open(result)), np.asarray(Image.open(rainy)))


def test_two_comparisons_in_one_folder_are_kept_apart(workplace: Path) -> None:
    with (
        held_alone(Path("out", ".lock"), "out"),
        pytest.raises(OutputConflictError, match="another process"),
    ):
        run("m=input")


def test_cards_are_verified(workplace: Path) -> None:
    results = run("fast", sets=(("mine=pairs", "pairs"), ("rain-free=dry", "rain-free")))
    rows = summarise(results)
    card = load_model("fast").card
    found = {k: m.value for k, m in rows[0].scores.items() if k.startswith(("psnr", "ssim"))}
    honest = dataclasses.replace(card, scores={"mine": {**found, "n": 4}})
    assert all(v.holds for v in verify(honest, rows))
    wrong = {**found, "psnr/rgb": found["psnr/rgb"] + 0.1, "n": 4}
    verdicts = verify(dataclasses.replace(card, scores={"mine": wrong}), rows)
    assert [v.score for v in verdicts if not v.holds] == ["psnr/rgb"]
    others = dataclasses.replace(card, scores={"mine": {**found, "n": 5}})
    assert [v.score for v in verify(others, rows) if not v.holds] == ["n"]


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("fsat",), DerainError, "did you mean 'fast'"),
        (("callables:nothing",), DerainError, "cannot be imported"),
        (("nomodule:f",), DerainError, "cannot be imported"),
        (("callables:number",), UsageError, "not callable"),
        (("none.pth",), DerainError, "no such file"),
        (("none.onnx",), DerainError, "no such file"),
        (("input", "input"), UsageError, "LABEL=input"),
        (("a/b=input",), UsageError, "LABEL=MODEL"),
    ],
)
def test_bad_methods_are_told_before_the_first_picture(
    words: tuple[str, ...], error: type[DerainError], message: str, workplace: Path
) -> None:
    with pytest.raises(error, match=message):
        run("input", *words) if words[0] != "input" else run(*words)
    assert not Path("out/records.jsonl").exists()


def test_bad_sets(workplace: Path) -> None:
    with pytest.raises(UsageError, match="NAME=PATH"):
        open_testset("pairs", "pairs")
    with pytest.raises(DatasetError, match="nowhere"):
        open_testset("x=nowhere", "real")
    with pytest.raises(DatasetError, match="lacks 1"):
        open_testset("x=pairs", "pairs", ["0", "nope"])
    assert [i.name for i in open_testset("x=pairs", "pairs", ["0", "2"]).items] == ["0", "2"]
    assert len(open_testset("x=dry", "rain-free", limit=3).items) == 3
    Path("subset.json").write_text(json.dumps({"x": "0"}))
    with pytest.raises(DatasetError, match=r"subset\.json"):
        read_subset(Path("subset.json"))
    with pytest.raises(UsageError, match="unknown protocol"):
        Scorer(["y"])
    sets = [open_testset("x=pairs", "pairs"), open_testset("x=dry", "rain-free")]
    with pytest.raises(UsageError, match="one name"):
        compare(read_entries(["input"]), sets, SCORER, Path("out"))
