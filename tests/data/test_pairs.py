"""Pairs in every layout, and what is wrong with a set is told by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain.data import list_images, open_pairs
from derain.data.pairs import read_rgb
from derain.errors import DatasetError
from derain.media import Picture, write_picture

Pixels = NDArray[np.uint8]


def test_side_by_side(tmp_path: Path, save: Callable[..., Path], photos: list[Pixels]) -> None:
    save("set/001.png", np.concatenate([photos[0], photos[1]], axis=1))
    (pair,) = open_pairs(tmp_path / "set", "side-by-side")
    rainy, clean = pair.load()
    assert np.array_equal(clean, photos[0])
    assert np.array_equal(rainy, photos[1])


def test_table(tmp_path: Path, save: Callable[..., Path], photos: list[Pixels]) -> None:
    save("r/a.png", photos[0])
    save("c/x.png", photos[1])
    table = tmp_path / "set.csv"
    table.write_text("rainy,clean\nr/a.png,c/x.png\n")
    (pair,) = open_pairs(table, "csv")
    assert np.array_equal(pair.load()[1], photos[1])
    table.write_text("wet,dry\n")
    with pytest.raises(DatasetError, match="columns"):
        open_pairs(table, "csv")
    with pytest.raises(DatasetError, match="cannot be read"):
        open_pairs(tmp_path / "no.csv", "csv")


def test_folders(tmp_path: Path, save: Callable[..., Path], photos: list[Pixels]) -> None:
    save("rainy/a.png", photos[0])
    save("clean/a.png", photos[1][:-1])
    (pair,) = open_pairs(tmp_path, "folders")
    with pytest.raises(DatasetError, match="one size"):
        pair.load()
    save("rainy/b.png", photos[0])
    with pytest.raises(DatasetError, match=r"b\.png.*no clean partner"):
        open_pairs(tmp_path, "folders")


def test_equal_names_in_different_folders(
    tmp_path: Path, save: Callable[..., Path], photos: list[Pixels]
) -> None:
    for folder, name, photo in (
        ("rainy", "x/1", 0), ("rainy", "y/1", 1), ("clean", "x/1", 2), ("clean", "y/1", 3),
    ):  # fmt: skip
        save(f"{folder}/{name}.png", photos[photo])
    pairs = {pair.name: pair.load() for pair in open_pairs(tmp_path, "folders")}
    assert np.array_equal(pairs["x/1"][1], photos[2])
    assert np.array_equal(pairs["y/1"][1], photos[3])
    save("set/a.png", photos[0])
    save("set/a.jpg", photos[0])
    with pytest.raises(DatasetError, match="one name"):
        open_pairs(tmp_path / "set", "side-by-side")


def test_deep_pictures_are_not_read_wrong(tmp_path: Path) -> None:
    pixels = np.full((9, 9, 1), 20000, np.uint16)
    write_picture(Picture(pixels), tmp_path / "a.png")
    with pytest.raises(DatasetError, match="16 bits"):
        read_rgb(tmp_path / "a.png")


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        list_images(tmp_path / "none")
    with pytest.raises(DatasetError, match="holds no pictures"):
        list_images(tmp_path)
    with pytest.raises(DatasetError, match="unknown layout"):
        open_pairs(tmp_path, "zip")
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"a\.png"):
        open_pairs(tmp_path, "side-by-side")[0].load()
