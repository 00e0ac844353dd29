"""Further looks at reduced copies: what they find, what they leave alone, what stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer
from derain.metrics import psnr
from derain.restore.engine import Engine
from derain.restore.scales import enlarged, picture_rows, reduce, reductions, sure

Pixels = NDArray[np.uint8]
EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, factor: int) -> Pixels:
    """A part of a picture that ships, enlarged: 664 by 640 pixels and more."""
    with Image.open(EXAMPLES / name) as image:
        part = image.convert("RGB").crop((0, 0, -(-640 // factor), -(-664 // factor)))
        size = (part.width * factor, part.height * factor)
        return np.asarray(part.resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (321, 481, ()),
        (639, 5000, ()),
        (640, 640, (2,)),
        (1279, 1300, (2,)),
        (1280, 4000, (2, 4)),
        (6000, 8000, (2, 4)),
        (1, 1, ()),
    ],
)
def test_no_copy_is_smaller_than_training_pictures(
    height: int, width: int, expected: tuple[int, ...]
) -> None:
    assert reductions(height, width) == expected == reductions(width, height)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float64])
@pytest.mark.parametrize("factor", [2, 4])
def test_reduced_as_pillow_does(photo: Pixels, factor: int, dtype: type) -> None:
    # Whole squares alone: at its edges Pillow takes the mean of what is left of one.
    high, wide = (side // factor * factor for side in photo.shape[:2])
    picture = np.tile(photo[:high, :wide], (4, 1, 1))
    given = picture.astype(dtype) * (257 if dtype == np.uint16 else 1)
    given = given / 255 if np.issubdtype(dtype, np.floating) else given
    small = reduce(given.astype(dtype), factor)
    expected = np.asarray(Image.fromarray(picture).reduce(factor))
    assert small.dtype == np.float32
    assert np.abs(np.moveaxis(small, 0, 2) * 255 - expected).max() < 0.6  # its rounding


def test_an_edge_goes_on_as_it_ends() -> None:
    picture = np.arange(35, dtype=np.uint8).reshape(5, 7, 1)
    whole = np.pad(picture, [(0, 3), (0, 1), (0, 0)], mode="edge")
    small = reduce(picture, 4)
    assert small.shape == (3, 2, 2)
    assert np.array_equal(small, reduce(whole, 4))


@pytest.mark.parametrize("factor", [2, 4])
def test_bands_are_those_of_the_whole_layer(factor: int) -> None:
    rain = np.random.default_rng(0).random((3, 150, 31), np.float32)
    height, width = 150 * factor - 1, 31 * factor - 1
    whole = [
        np.asarray(
            Image.fromarray(p).resize((31 * factor, 150 * factor), Image.Resampling.BILINEAR)
        )
        for p in rain
    ]
    bands = list(picture_rows(height, factor))
    assert len(bands) > 1
    layer = np.concatenate([enlarged(rain, factor, a, b, width) for a, b in bands], axis=1)
    assert np.allclose(layer, np.stack(whole)[:, :height, :width], atol=1e-6)


def test_only_light_and_only_enough_of_it_is_rain() -> None:
    rain = np.zeros((3, 40, 40), np.float32)
    rain[:, 5, 5] = 3 / 255  # too faint
    rain[:, 20, 20], rain[:, 20, 21] = 30 / 255, 2 / 255  # a streak and its edge
    rain[:, 30, 30] = -30 / 255  # darker than the picture without it
    expected = np.zeros_like(rain)
    expected[:, 20, 20], expected[:, 20, 21] = 30 / 255, 2 / 255
    assert np.allclose(sure(rain.copy()), expected, atol=1e-6)


def test_large_rain_goes_that_one_look_leaves(
    fast: Derainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rainy, clean = example("rainy.jpg", 4), example("clean.jpg", 4)
    both = fast(rainy)
    monkeypatch.setattr("derain.restore.looks.reductions", lambda height, width: ())
    one = fast(rainy)
    assert psnr(both, clean) > psnr(one, clean) + 1 > psnr(rainy, clean)


def test_a_dry_picture_is_let_be(fast: Derainer) -> None:
    clean = example("clean.jpg", 2)
    assert psnr(fast(clean), clean) > 40


@pytest.mark.parametrize("contrast", [1, 3])
@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_layers_add_up_to_a_level(fast: Derainer, strength: float, contrast: int) -> None:
    """Also where a look leads beyond black, as it does with much contrast."""
    rainy = example("rainy.jpg", 4)
    rainy = np.clip((rainy.astype(int) - 90) * contrast + 90, 0, 255).astype(np.uint8)
    clean, rain, detail = fast.separate(rainy, strength=strength)
    total = (rainy / 255 - rain + detail) * 255
    assert np.abs(total - clean).max() <= 1.5
    assert np.array_equal(clean, fast(rainy, strength=strength))


def test_the_dial_at_nothing_is_the_picture(fast: Derainer) -> None:
    rainy = example("rainy.jpg", 4)
    for picture in (rainy, rainy.astype(np.uint16) * 257, (rainy / 255).astype(np.float32)):
        assert fast(picture, strength=0).tobytes() == picture.tobytes()


def test_the_dial_is_straight(fast: Derainer) -> None:
    rainy = example("rainy.jpg", 4)
    whole, half = fast(rainy).astype(int) - rainy, fast(rainy, strength=0.5).astype(int) - rainy
    assert np.abs(half - whole / 2).max() <= 0.5


def test_grey_stays_grey_and_sixteen_bits_agree(fast: Derainer) -> None:
    rainy = example("rainy.jpg", 4)
    grey = fast(np.ascontiguousarray(rainy[..., 1]))
    assert grey.shape == rainy.shape[:2]
    deep = fast(rainy.astype(np.uint16) * 257)
    assert np.abs(deep / 257 - fast(rainy)).max() < 4  # what is rounded early is found again


def test_progress_is_that_of_one_picture(fast: Derainer) -> None:
    told: list[tuple[int, int]] = []
    Derainer("fast", tile=336)(example("rainy.jpg", 4), progress=lambda *at: told.append(at))
    done = [at for at, _ in told]
    assert {of for _, of in told} == {664 * 640 + 332 * 320}
    assert done == sorted(set(done)) and done[-1] == told[-1][1]


def test_small_pictures_are_looked_at_once(
    fast: Derainer, rainy: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[tuple[int, int]] = []
    bands = Engine.bands

    def counted(self: Engine, read: object, height: int, width: int, *rest: object) -> object:
        walks.append((height, width))
        return bands(self, read, height, width, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "bands", counted)
    as_it_lies = fast.without_turning()
    as_it_lies(rainy)
    as_it_lies(np.zeros((640, 700, 3), np.uint8))
    assert walks == [rainy.shape[:2], (640, 700), (320, 350)]
