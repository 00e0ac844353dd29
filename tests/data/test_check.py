"""Every kind of defect, planted and found; and a whole set in which none is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from derain.data import (
    catalogue,
    check_dataset,
    compare_with_index,
    dataset_named,
    read_index,
    write_index,
)
from derain.data.check import find_shift
from derain.errors import DatasetError

Pixels = NDArray[np.uint8]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Four healthy pairs of different scenes."""
    pictures = (
        skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(),
        skimage.data.rocket(),
    )  # fmt: skip
    for index, picture in enumerate(pictures):
        clean = picture[:240, :300]
        rain = np.random.default_rng(index).random(clean.shape[:2]) > 0.95
        rainy = np.where(rain[..., None], 255, clean).astype(np.uint8)
        for folder, image in (("rainy", rainy), ("clean", clean)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(image).save(tmp_path / folder / f"{index}.png")
    return tmp_path


def image(path: Path) -> Pixels:
    return np.asarray(Image.open(path))


def lonely(d: Path) -> None:
    (d / "clean/1.png").unlink()


def corrupt(d: Path) -> None:
    (d / "rainy/1.png").write_bytes((d / "rainy/1.png").read_bytes()[:500])


def size(d: Path) -> None:
    Image.fromarray(image(d / "rainy/1.png")[:-3]).save(d / "rainy/1.png")


def identical(d: Path) -> None:
    Image.fromarray(image(d / "clean/1.png")).save(d / "rainy/1.png")


def misaligned(d: Path) -> None:
    Image.fromarray(np.roll(image(d / "rainy/1.png"), (2, -3), (0, 1))).save(d / "rainy/1.png")


def psnr(d: Path) -> None:
    Image.fromarray(255 - image(d / "clean/1.png")).save(d / "rainy/1.png")


def duplicate(d: Path) -> None:
    for folder in ("rainy", "clean"):
        Image.fromarray(image(d / folder / "1.png")).save(d / folder / "9.jpg", quality=90)


@pytest.mark.parametrize("damage", [lonely, corrupt, size, identical, misaligned, psnr, duplicate])
def test_a_planted_defect_is_found(damage: Callable[[Path], None], dataset: Path) -> None:
    assert check_dataset(dataset).problems == []
    damage(dataset)
    report = check_dataset(dataset)
    assert report.counts() == {damage.__name__: 1}
    assert report.problems[0].detail


def test_a_leak_between_splits(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    for folder in ("rainy", "clean"):
        (other / folder).mkdir()
        Image.fromarray(image(dataset / folder / "2.png")).save(other / folder / "x.jpg")
    report = check_dataset(dataset, against=(other,))
    assert [(p.kind, p.file) for p in report.problems] == [("leak", "2")]


def test_a_shift_is_measured(photo: Pixels) -> None:
    big = photo.astype(np.uint8)
    assert find_shift(big[10:210, 10:310], big[7:207, 12:312])[:2] in ((-3, 2), (3, -2))
    assert find_shift(big, big) == (0, 0, 0.0)


def test_the_index_sees_every_change(dataset: Path) -> None:
    assert read_index(dataset) is None
    index = write_index(dataset)
    assert read_index(dataset) == index
    assert not compare_with_index(dataset, index)
    corrupt(dataset)
    lonely(dataset)
    Image.fromarray(image(dataset / "rainy/2.png")).save(dataset / "rainy/new.png")
    drift = compare_with_index(dataset, index)
    assert drift.changed == ["rainy/1.png"]
    assert drift.missing == ["clean/1.png"]
    assert drift.new == ["rainy/new.png"]
    (dataset / "derain-index.json").write_text("{")
    with pytest.raises(DatasetError, match="delete it"):
        read_index(dataset)


def test_the_catalogue_knows_the_field() -> None:
    names = (
        "Rain200L", "Rain200H", "Rain800", "Rain100L", "Rain100H", "Rain12", "Rain1200", "DID",
        "Rain1400", "DDN", "Rain13K", "SPA-Data", "RealRain-1k", "GT-Rain", "Real200",
    )  # fmt: skip
    for name in names:
        info = dataset_named(name)
        assert all((info.source, info.where, info.terms, info.layouts, info.splits, info.known))
    assert len(catalogue()) == 13
    with pytest.raises(DatasetError, match="rain100L"):
        dataset_named("rain100")


def derain(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "derain", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


def test_the_command(dataset: Path) -> None:
    assert "Rain13K" in derain("data", "list").stdout
    assert "beware" in derain("data", "show", "rain100H").stdout
    healthy = derain("data", "check", "any", str(dataset))
    assert healthy.returncode == 0, healthy.stderr
    assert (dataset / "derain-index.json").is_file()
    corrupt(dataset)
    found = derain("data", "check", "any", str(dataset), "--json")
    assert found.returncode == 1
    values = json.loads(found.stdout)
    assert values["counts"] == {"corrupt": 1}
    assert values["index"] == {"changed": ["rainy/1.png"]}
    assert derain("data", "index", str(dataset)).returncode == 1
    unknown = derain("data", "check", "rain1000", str(dataset))
    assert unknown.returncode == 14
    assert "did you mean" in unknown.stderr


def test_a_set_of_the_hub_in_its_cache(dataset: Path, tmp_path: Path) -> None:
    """The hub's own library, offline, on a cache laid out as it lays it out."""
    revision = "0" * 40
    repository = tmp_path / "hub/datasets--someone--rain"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(revision)
    snapshot = repository / "snapshots" / revision
    snapshot.mkdir(parents=True)
    for folder in ("rainy", "clean"):
        (dataset / folder).rename(snapshot / folder)
    offline = {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    found = derain("data", "check", "any", "hf:someone/rain", "--json", **offline)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["pairs"] == 4
    missing = derain("data", "check", "any", "hf:someone/else", **offline)
    assert missing.returncode == 14
    assert len(missing.stderr.strip().splitlines()) == 1
