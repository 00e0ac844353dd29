"""The dial from the picture as it is to all of the change."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain import Derainer, UsageError
from derain.media import Picture, decode_picture, encode_picture
from derain.restore.strength import check_strength

Pixels = NDArray[np.uint8]
KINDS = [np.uint8, np.uint16, np.float16, np.float32, np.float64]


def of_kind(image: Pixels, dtype: type) -> NDArray:
    """The same picture in another type."""
    if np.issubdtype(dtype, np.integer):
        return image.astype(dtype) * (np.iinfo(dtype).max // 255)
    return (image / 255).astype(dtype)


@pytest.mark.parametrize("dtype", KINDS)
def test_nothing_is_the_picture_to_the_bit(fast: Derainer, rainy: Pixels, dtype: type) -> None:
    image = of_kind(np.dstack([rainy, rainy[..., 0]])[:61, :50], dtype)
    for given in (image, image[..., :3], image[..., 0], image[..., :2]):
        given = np.ascontiguousarray(given)
        assert fast(given, strength=0).tobytes() == given.tobytes()


def test_nothing_of_files_and_pil_images(fast: Derainer, rainy: Pixels) -> None:
    for picture in (rainy, of_kind(rainy, np.uint16), rainy[..., :1]):
        for kind in ("PNG", "TIFF"):
            data = encode_picture(Picture(picture, None, kind))
            assert np.array_equal(decode_picture(fast(data, strength=0)).colour, picture)
    assert np.array_equal(np.asarray(fast(Image.fromarray(rainy), strength=0)), rainy)


@pytest.mark.parametrize("dtype", KINDS)
def test_all_is_what_there_was_before_the_dial(base: Derainer, rainy: Pixels, dtype: type) -> None:
    """No strength, and 1 as any number: the result that tests/golden holds to."""
    image = of_kind(rainy[:96, :96], dtype)
    clean = base(image)
    for one in (1, 1.0, np.float64(1), True):
        assert np.array_equal(base(image, strength=one), clean)
    assert base.strength == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_half_is_the_mean(base: Derainer, rainy: Pixels, dtype: type) -> None:
    """To a level, where all of the change stays within black and white."""
    image = of_kind(rainy, dtype)
    clean, rain, detail = base.separate(image)
    top = np.iinfo(dtype).max
    whole = image / top - rain + detail
    inside = (whole >= 0) & (whole <= 1)
    assert inside.mean() > 0.9
    mean = (image.astype(float) + clean) / 2
    half = base(image, strength=0.5)
    assert half.dtype == dtype
    assert np.abs(half - mean)[inside].max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_the_distance_grows(fast: Derainer, rainy: Pixels, channels: int) -> None:
    """In every pixel, and in the mean by as much as the dial says."""
    image = rainy[..., :channels]
    steps = [
        np.abs(fast(image, strength=share).astype(int) - image) for share in (0, 0.2, 0.5, 0.9, 1)
    ]
    for nearer, farther in pairwise(steps):
        assert (nearer <= farther).all()
        assert nearer.mean() < farther.mean()
    assert steps[2].mean() / steps[-1].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_layers_add_up(base: Derainer, rainy: Pixels, strength: float) -> None:
    """They are those that were applied: the network's, times the strength, in float32."""
    clean, rain, detail = base.separate(rainy, strength=strength)
    assert rain.dtype == detail.dtype == np.float32
    rebuilt = np.clip(rainy.astype(np.float32) + (detail - rain) * 255, 0, 255)
    assert np.array_equal(np.rint(rebuilt).astype(np.uint8), clean)
    assert np.array_equal(clean, base(rainy, strength=strength))
    whole = base.separate(rainy)
    assert np.array_equal(rain, whole.rain * np.float32(strength))
    assert np.array_equal(detail, whole.detail * np.float32(strength))


def test_tiles_are_scaled_once(rainy: Pixels) -> None:
    """Rows that two bands share, too."""
    whole = Derainer("fast", backend="onnxruntime", tile=144)
    half = Derainer("fast", backend="onnxruntime", tile=144, strength=0.5)
    assert half.strength == 0.5
    assert np.array_equal(half.separate(rainy).rain, whole.separate(rainy).rain / 2)
    assert np.array_equal(half(rainy), whole(rainy, strength=0.5))
    assert np.array_equal(half(rainy, strength=1), whole(rainy))


@pytest.mark.parametrize(
    ("strength", "told"),
    [
        (-0.01, "not -0.01"), (1.0001, "not 1.0001"), (math.nan, "not nan"), (math.inf, "not inf"),
        ("0.5", "not a str"), ([0.5], "not a list"), (np.ones((9, 9)), "not a ndarray"),
    ],
)  # fmt: skip
def test_impossible_strengths(fast: Derainer, strength: object, told: str) -> None:
    """Told before anything is opened, and in one line."""
    for use in (
        lambda: Derainer("no such model", strength=strength),  # type: ignore[arg-type]
        lambda: fast("none.png", strength=strength),  # type: ignore[arg-type]
        lambda: fast.separate("none.png", strength=strength),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError, match=f"^strength must be a number from 0 to 1, {told}$"):
            use()


def test_what_a_strength_is() -> None:
    for given in (0, 1, 0.25, np.float32(0.25), np.int64(1)):
        assert type(check_strength(given)) is float
    with pytest.raises(UsageError, match=r"^--strength must"):
        check_strength(None, "--strength")
