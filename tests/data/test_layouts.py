"""Every layout of the catalogue, built on disk as the sets unpack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain.data import check_dataset, open_pairs, picture_key
from derain.errors import DatasetError

Pixels = NDArray[np.uint8]
Scene = tuple[Pixels, Pixels]


@pytest.fixture
def scene(photo: Pixels) -> Scene:
    """A rainy and a clean picture."""
    clean = photo[:120, :160]
    rainy = clean.copy()
    rainy[:, ::7] = np.minimum(255, rainy[:, ::7].astype(int) + 60)
    return rainy, clean


def save(path: Path, image: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


LAYOUTS = {
    "rain-free names": (["rainy/a.png", "rainy/b.png"], ["clean/a.png", "clean/b.png"]),
    "Rain13K test": (["input/1.png", "input/2.png"], ["target/1.png", "target/2.png"]),
    "Rain1400": (
        ["rainy_image/901_1.jpg", "rainy_image/901_2.jpg", "rainy_image/902_1.jpg"],
        ["ground_truth/901.jpg", "ground_truth/902.jpg"],
    ),
    "Rain100 old": (["rain-001.png", "rain-002.png"], ["norain-001.png", "norain-002.png"]),
    "RainTrainH": (
        ["rain/X2/norain-1x2.png", "rain/X2/norain-2x2.png"],
        ["norain/norain-1.png", "norain/norain-2.png"],
    ),
    "Rain12": (["001_in.png", "002_in.png"], ["001_GT.png", "002_GT.png"]),
    "SPA": (["rain/000.png", "rain/001.png"], ["gt/000gt.png", "gt/001gt.png"]),
    "GT-Rain": (
        ["Gurutto_0/Gurutto_0-R-000.png", "Gurutto_0/Gurutto_0-R-001.png", "Oi_1/Oi_1-R-000.png"],
        ["Gurutto_0/Gurutto_0-C-000.png", "Oi_1/Oi_1-C-000.png"],
    ),
    "RealRain-1k": (
        ["L/training/input/1.png", "L/test/input/2.png"],
        ["L/training/target/1.png", "L/test/target/2.png"],
    ),
    "Rain13K whole": (
        ["train/Rain13K/input/1.jpg", "test/Test100/input/1.png", "test/Rain100H/input/1.png"],
        ["train/Rain13K/target/1.jpg", "test/Test100/target/1.png", "test/Rain100H/target/1.png"],
    ),
}


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_set_as_it_unpacks(name: str, scene: Scene, tmp_path: Path) -> None:
    rainy_files, clean_files = LAYOUTS[name]
    for names, image in ((rainy_files, scene[0]), (clean_files, scene[1])):
        for file in names:
            save(tmp_path / file, image)
    found = open_pairs(tmp_path)
    assert sorted(p.rainy.relative_to(tmp_path).as_posix() for p in found) == sorted(rainy_files)
    assert {p.clean.relative_to(tmp_path).as_posix() for p in found} == set(clean_files)
    assert len({p.name for p in found}) == len(rainy_files)
    assert not found.lonely


@pytest.mark.parametrize("rainy_first", [False, True])
def test_halves_find_the_rainy_side(rainy_first: bool, scene: Scene, tmp_path: Path) -> None:
    both = scene if rainy_first else scene[::-1]
    for name in ("1", "2", "3"):
        save(tmp_path / f"{name}.png", np.concatenate(both, axis=1))
    found = open_pairs(tmp_path)
    assert len(found) == 3
    rainy, clean = found[0].load()
    np.testing.assert_array_equal(rainy, scene[0])
    np.testing.assert_array_equal(clean, scene[1])


def test_a_damaged_picture_takes_no_others_with_it(scene: Scene, tmp_path: Path) -> None:
    """Whoever reads it is told; the others tell how the folder lies."""
    for name in ("train/1.png", "train/2.png", "train/3.png", "test/4.png"):
        save(tmp_path / name, np.concatenate(scene, axis=1))
    cut = tmp_path / "train" / "1.png"
    cut.write_bytes(cut.read_bytes()[:900])
    found = open_pairs(tmp_path)
    assert {p.name for p in found} == {"train/1", "train/2", "train/3", "test/4"}
    (problem,) = (p for p in check_dataset(tmp_path).problems if p.kind == "corrupt")
    assert "1.png" in f"{problem.file} {problem.detail}"


def test_a_damaged_set_beside_a_whole_one_is_named(scene: Scene, tmp_path: Path) -> None:
    for name in ("train/1.png", "test/4.png"):
        save(tmp_path / name, np.concatenate(scene, axis=1))
    cut = tmp_path / "train" / "1.png"
    cut.write_bytes(cut.read_bytes()[:900])
    with pytest.raises(DatasetError, match=r"train/1\.png"):
        open_pairs(tmp_path)


def test_lonely_pictures_are_named(scene: Scene, tmp_path: Path) -> None:
    for name in ("rainy/a.png", "rainy/b.png", "clean/a.png", "clean/c.png"):
        save(tmp_path / name, scene[0])
    found = open_pairs(tmp_path)
    assert [p.name for p in found] == ["a"]
    assert sorted(p.name for p in found.lonely) == ["b.png", "c.png"]


def test_a_table_above_its_pictures(scene: Scene, tmp_path: Path) -> None:
    save(tmp_path / "pairs/r/1.png", scene[0])
    save(tmp_path / "clean/1.png", scene[1])
    table = tmp_path / "pairs/set.csv"
    table.write_text("rainy,clean\npairs/r/1.png,clean/1.png\n")
    assert open_pairs(table)[0].load()[0].shape == scene[0].shape
    table.write_text("rainy,clean\nnope.png,clean/1.png\n")
    with pytest.raises(DatasetError, match=r"nope\.png"):
        open_pairs(table)


@pytest.mark.parametrize(
    ("stem", "key"),
    [("norain-001x2", "001"), ("rain-12", "12"), ("001_GT", "001"), ("000gt", "000"), ("7", "7"),
     ("rain", "rain"), ("901_3", "901_3")],
)  # fmt: skip
def test_keys(stem: str, key: str) -> None:
    assert picture_key(stem) == key


def test_what_is_no_set(photo: Pixels, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        open_pairs(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no pictures"):
        open_pairs(tmp_path)
    save(tmp_path / "1.png", photo[:, :450])
    save(tmp_path / "2.png", photo[:, :450])
    with pytest.raises(DatasetError, match="no pairs recognised"):
        open_pairs(tmp_path)
    save(tmp_path / "rainy/x.png", photo)
    save(tmp_path / "clean/y.png", photo)
    with pytest.raises(DatasetError, match="no names in common"):
        open_pairs(tmp_path)
