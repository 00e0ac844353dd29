"""Decoded pictures are kept within a bound, and files that change are told."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from derain.errors import DatasetError
from derain.tensors import as_planes
from derain.training.lazy import Lazy
from derain.training.pictures import PictureCache, Pictures, picture_cache

Pixels = NDArray[np.uint8]


@pytest.mark.parametrize("fitting", [0, 1, 3, 20])
def test_the_least_recently_used_give_way(fitting: int) -> None:
    """The same hits and misses as functools' cache, whose bound is a number of items."""
    made: list[int] = []
    cache = PictureCache(fitting * 100 + 99)

    @lru_cache(maxsize=fitting)
    def model(key: int) -> None:
        made.append(key)

    rng, ours = random.Random(0), []
    for key in (rng.randrange(8) for _ in range(300)):

        def make(key: int = key) -> Pixels:
            ours.append(key)
            return np.full(100, key, np.uint8)

        assert (cache.get(key, make) == key).all()
        assert cache.held <= cache.limit
        model(key)
    assert ours == made


def test_a_picture_larger_than_the_bound_is_not_kept() -> None:
    cache = PictureCache(100)
    small = cache.get("small", lambda: np.zeros(60, np.uint8))
    assert cache.get("large", lambda: np.zeros(101, np.uint8)).nbytes == 101
    assert cache.held == 60
    assert cache.get("small", lambda: np.ones(60, np.uint8)) is small


def test_the_bound_is_a_quarter_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, memory, limit in ((1 << 30, 0, 1 << 28), (1 << 40, 0, 1 << 29), (1, 7, 7 << 20)):
        monkeypatch.setattr("derain.training.pictures.free_memory", lambda free=free: free)
        picture_cache.cache_clear()
        assert picture_cache(memory).limit == limit
    picture_cache.cache_clear()


def test_parts_of_a_run_share_one_bound() -> None:
    assert picture_cache(3) is picture_cache(3)


def test_a_file_that_changes_or_vanishes_is_named(save: Callable[..., Path], photo: Pixels) -> None:
    path = save("a.png", photo)
    kept, forgetful = Pictures(PictureCache(1 << 20)), Pictures(PictureCache(0))
    for pictures in (kept, forgetful):
        np.testing.assert_array_equal(pictures.read(path), photo)
    save("a.png", photo[::-1])
    np.testing.assert_array_equal(kept.read(path), photo)
    with pytest.raises(DatasetError, match=r"a\.png: has changed since the run began"):
        forgetful.read(path)
    np.testing.assert_array_equal(Pictures(PictureCache(0)).read(path), photo[::-1])
    path.unlink()
    with pytest.raises(DatasetError, match=r"a\.png: cannot be read"):
        forgetful.read(path)


def test_another_run_in_the_process_sees_the_new_file(
    save: Callable[..., Path], photo: Pixels
) -> None:
    cache, path = PictureCache(1 << 20), save("a.png", photo)
    Pictures(cache).read(path)
    save("a.png", photo[::-1])
    np.testing.assert_array_equal(Pictures(cache).read(path), photo[::-1])


def test_what_is_made_of_a_picture_is_kept_beside_it(
    save: Callable[..., Path], photo: Pixels
) -> None:
    pictures, path = Pictures(PictureCache(1 << 20)), save("a.png", photo)
    grey = pictures.changed(path, "grey", lambda pixels: pixels[..., 0])
    assert pictures.read(path).shape == photo.shape
    assert pictures.changed(path, "grey", np.negative) is grey
    np.testing.assert_array_equal(grey, photo[..., 0])


def test_a_tensor_is_a_view(save: Callable[..., Path], photo: Pixels) -> None:
    """PyTorch warns of memory it may not write to, which is an error here."""
    pixels = Pictures(PictureCache(0)).read(save("a.png", photo))
    tensor = as_planes(pixels)
    assert tensor.shape == (3, *photo.shape[:2])
    assert tensor.data_ptr() == pixels.ctypes.data
    assert torch.equal(
        tensor, torch.from_numpy(np.asarray(Image.fromarray(photo)).copy()).movedim(-1, 0)
    )


def test_lazy_items_are_made_when_asked_for() -> None:
    made: list[int] = []

    def double(value: int) -> int:
        made.append(value)
        return 2 * value

    items = Lazy([1, 2, 3, 4], double)
    later = items[1:3]
    assert len(items) == 4 and len(later) == 2 and not made
    assert later[-1] == 6 and made == [3]
    assert list(items) == [2, 4, 6, 8]
    with pytest.raises(IndexError):
        items[4]
