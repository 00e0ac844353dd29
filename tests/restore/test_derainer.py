"""Every kind of image, every size, and what the shipped models do to them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from derain import Derainer, InputNotFoundError, InvalidImageError, UsageError
from derain.media import Picture, decode_picture, encode_picture
from derain.restore.backends import Planes
from derain.zoo import load_model

Pixels = NDArray[np.uint8]
PRIMES = [41, 53, 67, 97, 131]


class Identity:
    """A backend whose network finds no rain."""

    name, device, precision = "identity", "cpu", "float32"

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        return np.zeros_like(rainy), np.zeros_like(rainy)

    def in_float32(self) -> Identity:
        return self


@pytest.fixture
def identity() -> Derainer:
    return Derainer("fast", tile=64, backend=Identity())


def levels(dtype: type) -> NDArray:
    """Every value there is, as an RGB picture."""
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype).reshape(16, -1)
    return np.stack([values, values[::-1], values[:, ::-1]], axis=2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_identity_model_changes_no_bit(identity: Derainer, dtype: type) -> None:
    image = levels(dtype)
    assert np.array_equal(identity(image), image)
    assert np.array_equal(identity(image[..., 0]), image[..., 0])
    for kind in ("PNG", "TIFF"):
        data = encode_picture(Picture(image, None, kind))
        assert np.array_equal(decode_picture(identity(data)).colour, image)
    for floating in (np.float32, np.float64):
        unit = (image / np.iinfo(dtype).max).astype(floating)
        assert np.array_equal(identity(unit), unit)


@pytest.mark.parametrize("shape", [(), (1,), (2,), (3,), (4,)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_arrays_come_back_as_they_were(
    fast: Derainer, rainy: Pixels, shape: tuple[int, ...], dtype: type
) -> None:
    image = rainy[:60, :50].astype(np.float64) / 255
    stacked = np.concatenate([image, image[..., :1]], axis=2)
    image = {(): image[..., 0], (1,): image[..., :1], (2,): stacked[..., 2:]}.get(
        shape, stacked[..., : shape[0] if shape else 0]
    )
    if np.issubdtype(dtype, np.integer):
        image = (image * np.iinfo(dtype).max).round()
    image = image.astype(dtype)
    clean = fast(image)
    assert clean.shape == image.shape
    assert clean.dtype == dtype
    assert not np.array_equal(clean, image)
    if shape in ((2,), (4,)):
        assert np.array_equal(clean[..., -1], image[..., -1])


def test_all_kinds_agree(fast: Derainer, rainy: Pixels, save: Callable[..., Path]) -> None:
    path = save("a.png", rainy)
    clean = fast(rainy)
    assert np.array_equal(fast(path), clean)
    assert np.array_equal(fast(str(path)), clean)
    assert np.array_equal(decode_picture(fast(path.read_bytes())).colour, clean)
    image = fast(Image.fromarray(rainy))
    assert isinstance(image, Image.Image)
    assert np.array_equal(np.asarray(image), clean)
    unit = fast(rainy.astype(np.float32) / 255)
    assert np.abs(unit * 255 - clean).max() <= 0.501
    deep = fast(rainy.astype(np.uint16) * 257)
    assert np.abs(deep / 257 - clean).max() <= 0.51


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pil_modes(fast: Derainer, rainy: Pixels, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(rainy[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(rainy).convert("RGB" if mode in ("P", "RGB", "RGBA") else "L")
        image = image.convert(mode)
    clean = fast(image)
    assert clean.size == image.size
    assert clean.mode == {"1": "L", "P": "RGB"}.get(mode, mode)


def test_a_pil_image_keeps_what_belongs_to_it(fast: Derainer, photo: Pixels) -> None:
    image = Image.fromarray(photo[:40, :64])
    image.info["icc_profile"] = b"profile"
    exif = image.getexif()
    exif[0x0112] = 6
    clean = fast(image)
    assert clean.size == (40, 64)
    assert clean.info["icc_profile"] == b"profile"
    assert clean.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_pil_image_that_lies_is_turned_once(fast: Derainer, photo: Pixels, kind: str) -> None:
    """Pillow turns a TIFF itself, when it reads the pixels, and no other file."""
    buffer, exif = BytesIO(), Image.Exif()
    exif[274] = 6
    Image.fromarray(photo[:40, :60]).save(buffer, kind, exif=exif)
    with Image.open(buffer) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    with Image.open(buffer) as image:
        result = fast(image)
    assert np.array_equal(np.asarray(result), fast(np.ascontiguousarray(upright)))
    assert result.getexif().get(274, 1) == 1


def test_pil_images_that_would_lose_something(fast: Derainer, rainy: Pixels) -> None:
    deep = encode_picture(Picture(rainy.astype(np.uint16) * 257))
    deep_ppm = b"P6 3 2 65535\n" + bytes(36)
    for data in (deep, deep_ppm):
        with Image.open(BytesIO(data)) as image, pytest.raises(InvalidImageError, match="its path"):
            fast(image)
    torn = encode_picture(Picture(rainy))[:4000]
    with Image.open(BytesIO(torn)) as image, pytest.raises(InvalidImageError, match="cannot be"):
        fast(image)
    turned = Image.fromarray(rainy[:40, :60, 0].astype(np.uint16) * 257)
    turned.getexif()[0x0112] = 6
    assert fast(turned).size == (40, 60)


def test_grey_stays_grey(fast: Derainer, rainy: Pixels) -> None:
    grey = rainy[..., 1]
    clean = fast(grey)
    assert clean.shape == grey.shape
    assert np.abs(clean.astype(int) - grey).max() > 3


@pytest.mark.parametrize("height", [*range(1, 41, 6), *PRIMES])
def test_sizes(fast: Derainer, rainy: Pixels, height: int) -> None:
    for width in (1, 2, 3, 7, 31, 32, 33, 40, 97):
        assert fast(rainy[:height, :width]).shape == (height, width, 3)


def test_separate_adds_up(base: Derainer, rainy: Pixels) -> None:
    clean, rain, detail = base.separate(rainy)
    assert rain.dtype == detail.dtype == np.float32
    rebuilt = np.clip(rainy.astype(np.float32) + (detail - rain) * 255, 0, 255)
    assert np.array_equal(np.rint(rebuilt).astype(np.uint8), clean)
    assert np.array_equal(clean, base(rainy))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 3), bool),
        np.full((4, 4, 3), 1.5),
        np.full((4, 4, 3), -0.1),
        np.full((4, 4, 3), np.nan),
        np.full((4, 4, 3), np.inf, np.float32),
    ],
)
def test_impossible_arrays_are_refused(fast: Derainer, image: NDArray) -> None:
    with pytest.raises(InvalidImageError):
        fast(image)


def test_other_inputs_are_refused(fast: Derainer, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a list"):
        fast([1, 2])
    with pytest.raises(InputNotFoundError):
        fast(tmp_path / "none.png")
    with pytest.raises(InvalidImageError):
        fast(b"no picture")
    with pytest.raises(InvalidImageError, match="CMYK"):
        fast(Image.new("CMYK", (4, 4)))


def test_options_are_checked() -> None:
    for options in ({"memory": 0}, {"tile": -1}, {"threads": -1}, {"backend": "abacus"}):
        with pytest.raises(UsageError):
            Derainer("fast", **options)


def test_progress_ends_at_all_pixels(rainy: Pixels) -> None:
    told: list[tuple[int, int]] = []
    derainer = Derainer("fast", backend="onnxruntime", tile=144)
    derainer(rainy, progress=lambda done, total: told.append((done, total)))
    assert len(told) == 4
    assert told[-1] == (256 * 256, 256 * 256)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "torch"])
def test_many_threads_share_one(backend: str, photos: list[Pixels]) -> None:
    derainer = Derainer("fast", backend=backend, tile=64)
    photos = [photo[:96, :96] for photo in photos]
    expected = [derainer(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(derainer, photos * 3))
    for index, clean in enumerate(got):
        assert np.array_equal(clean, expected[index % len(photos)])


def test_example_of_the_docstring() -> None:
    import doctest

    from derain.restore import derainer as module

    results = doctest.testmod(module)
    assert results.attempted >= 3
    assert not results.failed


def test_bytes_keep_their_format(fast: Derainer, rainy: Pixels) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        buffer = BytesIO()
        Image.fromarray(rainy).save(buffer, kind)
        assert decode_picture(fast(buffer.getvalue())).format == kind


def test_default_model_is_base() -> None:
    assert Derainer(backend="onnxruntime").model.card == load_model("base").card
