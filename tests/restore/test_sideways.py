"""Pictures whose rain falls sideways are told from others, and given back as they lie."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer, VideoDerainer
from derain.metrics import psnr, turn
from derain.restore.backends import Planes
from derain.restore.engine import Engine
from derain.restore.sideways import _lines, falls_sideways
from derain.zoo import load_model
from tests.golden.test_lookalikes import draw_lookalike

Pixels = NDArray[np.uint8]
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def wet() -> Pixels:
    with Image.open(EXAMPLES / "rainy.jpg") as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def dry() -> Pixels:
    with Image.open(EXAMPLES / "clean.jpg") as image:
        return np.asarray(image)


@pytest.mark.parametrize("model", ["fast", "base"])
@pytest.mark.parametrize("quarter", [1, -1])
def test_on_its_side_a_picture_is_derained_as_well(
    request: pytest.FixtureRequest, model: str, quarter: int, wet: Pixels, dry: Pixels
) -> None:
    derainer: Derainer = request.getfixturevalue(model)
    part = np.s_[:, 100:420]
    lying, truth = np.rot90(wet[part], quarter), np.rot90(dry[part], quarter)
    clean = derainer(lying)
    # One of the two is looked at upside down, which the networks are a little worse at.
    assert psnr(clean, truth) > psnr(derainer(wet[part]), dry[part]) - 2
    assert psnr(derainer.without_turning()(lying), truth) < psnr(clean, truth) - 5


@pytest.mark.parametrize("model", ["fast", "base"])
def test_rain_in_a_gale_is_taken(
    request: pytest.FixtureRequest, model: str, wet: Pixels, dry: Pixels
) -> None:
    derainer: Derainer = request.getfixturevalue(model)
    lying, truth = (turn(picture, 60)[60:360, 60:360] for picture in (wet, dry))
    as_it_lies = psnr(derainer.without_turning()(lying), truth)
    assert psnr(derainer(lying), truth) > as_it_lies + 3


def test_it_is_the_upright_result_turned(fast: Derainer, wet: Pixels) -> None:
    upright = wet[:, 100:420]
    lying = np.rot90(upright, -1)
    expected = fast.separate(upright)
    result = fast.separate(lying)
    assert result.clean.flags.c_contiguous
    for given, wanted in zip(result, expected, strict=True):
        np.testing.assert_array_equal(given, np.rot90(wanted, -1))
    told: list[tuple[int, int]] = []
    grey = (lying.mean(axis=2) * 257).astype(np.uint16)
    half = fast(grey, strength=0.5, progress=lambda done, of: told.append((done, of)))
    np.testing.assert_array_equal(half, np.rot90(fast(np.rot90(grey), strength=0.5), -1))
    assert told[-1] == (grey.size, grey.size)


def test_without_turning_it_stays_so_in_another_process(fast: Derainer, wet: Pixels) -> None:
    lying = np.rot90(wet[:, 100:420], -1)
    as_it_lies = fast.without_turning()
    copy = pickle.loads(pickle.dumps(as_it_lies))
    np.testing.assert_array_equal(copy(lying), as_it_lies(lying))
    assert copy.backend == fast.backend


def test_large_ones_are_told_by_their_copies(fast: Derainer, wet: Pixels) -> None:
    """At its own size rain four times as wide is none to the network."""
    large = np.asarray(
        Image.fromarray(wet[:, 100:420]).resize((1280, 1284), Image.Resampling.BICUBIC)
    )
    lying = np.rot90(large, -1)
    np.testing.assert_array_equal(fast(lying), np.rot90(fast(large), -1))


@pytest.mark.parametrize("name", ["rocket", "coffee", "astronaut", "chelsea", "brick", "grass"])
def test_dry_pictures_and_upright_rain_are_looked_at_as_they_lie(
    fast: Derainer, wet: Pixels, name: str
) -> None:
    as_it_lies = fast.without_turning()
    for picture in (getattr(skimage.data, name)(), wet):
        np.testing.assert_array_equal(fast(picture), as_it_lies(picture))


@pytest.mark.parametrize("model", ["fast", "base"])
@pytest.mark.parametrize("name", ["railing", "hatching", "umbrella"])
def test_lines_that_do_not_fall_are_looked_at_as_they_lie(
    request: pytest.FixtureRequest, model: str, name: str
) -> None:
    derainer: Derainer = request.getfixturevalue(model)
    picture = draw_lookalike(name)
    np.testing.assert_array_equal(derainer(picture), derainer.without_turning()(picture))


def waves(degrees: float) -> NDArray[np.float32]:
    down, across = np.mgrid[:90, :120]
    turn = np.radians(degrees)
    return np.sin(0.2 * (across * np.cos(turn) + down * np.sin(turn))).astype(np.float32)


class Partial:
    """A backend whose network sees all of a turned picture, and a share of it as it lies."""

    name, device, precision = "partial", "cpu", "float32"

    def __init__(self, share: float) -> None:
        self.shares = [1, share]

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        return np.float32(self.shares.pop(0)) * (rainy - np.float32(0.4)), np.zeros_like(rainy)

    def in_float32(self) -> Partial:
        return self


@pytest.mark.parametrize(("share", "told"), [(0.7, True), (0.8, False)])
def test_lines_that_agree_need_be_only_somewhat_more(share: float, told: bool) -> None:
    lying = np.full((200, 300, 3), 100, np.uint8)
    lying[::8] = lying[1::8] = 160
    engine = Engine(Partial(share), load_model("fast").card, 1 << 30)
    assert falls_sideways(engine, lying) == told


@pytest.mark.parametrize("degrees", [0, 20, -35, 60, 90])
def test_the_slant_of_lines(degrees: int) -> None:
    slant, coherence = _lines(waves(degrees))
    assert slant == pytest.approx(abs(degrees), abs=1)
    assert coherence == pytest.approx(1, abs=0.02)


def test_lines_of_all_ways_do_not_agree() -> None:
    noise = np.random.default_rng(0).normal(size=(90, 120)).astype(np.float32)
    assert _lines(noise)[1] < 0.1
    assert 0.3 < _lines(waves(0) + 0.5 * waves(90))[1] < 0.9
    assert _lines(np.zeros((90, 120), np.float32)) == (0, 0)


@pytest.mark.parametrize(
    "shape", [(1, 1, 3), (31, 500, 3), (500, 31, 3), (32, 32, 3), (33, 700, 3)]
)
def test_pictures_of_any_size_are_asked(fast: Derainer, shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 128, np.uint8)
    assert fast(picture).shape == shape


class Recorder:
    """A backend whose network finds no rain, and how many pixels it was given each time."""

    name, device, precision = "recorder", "cpu", "float32"

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        self.sizes.append((rainy.shape[-2], rainy.shape[-1]))
        return np.zeros_like(rainy), np.zeros_like(rainy)

    def in_float32(self) -> Recorder:
        return self


def test_where_there_is_none_it_costs_one_run_on_a_small_square() -> None:
    seen = Recorder()
    Derainer("fast", backend=seen)(np.full((400, 500, 3), 90, np.uint8))
    probe, whole = seen.sizes
    assert probe == (192, 192)
    assert whole >= (400, 500)


def test_frames_of_clips_are_never_turned() -> None:
    seen = Recorder()
    derainer = Derainer("fast", backend=seen)
    rng = np.random.default_rng(0)
    list(VideoDerainer(derainer)([rng.integers(0, 256, (96, 96, 3)).astype(np.uint8)]))
    assert len(seen.sizes) == 1
