"""What Python programs hand in: files, paths, arrays of every order; and a Derainer sent away."""

from __future__ import annotations

import copy
import io
import multiprocessing
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from derain import (
    BackendUnavailableError,
    Derainer,
    InputNotFoundError,
    InvalidImageError,
    UsageError,
)
from derain.media import decode_picture
from derain.zoo import SHIPPED

Pixels = NDArray[np.uint8]
HEIC = Path(__file__).parents[1] / "media" / "p3.heic"


def png(pixels: Pixels) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_open_files(fast: Derainer, rainy: Pixels, save: Callable[..., Path]) -> None:
    """Bytes come back, as for bytes."""
    path, clean = save("a.png", rainy), fast(rainy)
    with path.open("rb") as file:
        assert np.array_equal(decode_picture(fast(file)).colour, clean)
    behind = BytesIO(b"head" + path.read_bytes())
    behind.seek(4)
    assert np.array_equal(decode_picture(fast(behind)).colour, clean)
    assert np.array_equal(fast.separate(BytesIO(path.read_bytes())).rain, fast.separate(rainy).rain)
    with pytest.raises(TypeError, match="binary"):
        fast(io.StringIO("text"))
    with pytest.raises(InvalidImageError, match="the file is empty"):
        fast(BytesIO())


def test_paths_of_every_kind(fast: Derainer, rainy: Pixels, save: Callable[..., Path]) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(path)

    path, clean = save("a.png", rainy), fast(rainy)
    for place in (path, str(path), Place()):
        assert np.array_equal(fast(place), clean)
    with pytest.raises(InputNotFoundError, match="no such file"):
        fast("a\0b")


def test_models_by_path(rainy: Pixels, fast: Derainer, tmp_path: Path) -> None:
    class Card:
        def __fspath__(self) -> str:
            return str(SHIPPED / "fast.json")

    for model in (SHIPPED / "fast.json", Card()):
        assert np.array_equal(Derainer(model, backend="onnxruntime")(rainy), fast(rainy))


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8", "<u2"])
def test_both_byte_orders(fast: Derainer, rainy: Pixels, dtype: str) -> None:
    native = np.dtype(dtype).newbyteorder("=")
    top = 65535 if native.kind == "u" else 1
    image = (rainy[:50, :60] / 255 * top).astype(native)
    clean = fast(image.astype(dtype))
    assert clean.dtype == np.dtype(dtype)
    assert np.array_equal(clean, fast(image))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_subclasses_of_arrays(fast: Derainer, rainy: Pixels) -> None:
    grey = rainy[:40, :50, 0]
    clean = fast(np.asmatrix(grey))
    assert np.array_equal(np.asarray(clean), fast(grey))
    masked = np.ma.masked_array(rainy, mask=rainy > 250)
    with pytest.raises(InvalidImageError, match="masked"):
        fast(masked)
    assert np.array_equal(fast(np.ma.masked_array(rainy)), fast(rainy))


def test_a_pil_image_keeps_xmp_and_texts(fast: Derainer, rainy: Pixels) -> None:
    info = PngInfo()
    info.add_text("Author", "someone")
    info.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')
    buffer = BytesIO()
    Image.fromarray(rainy[:40, :60]).save(buffer, "PNG", pnginfo=info, dpi=(300, 300))
    with Image.open(buffer) as image:
        clean = fast(image)
    assert clean.size == (40, 60)
    assert clean.info["Author"] == "someone"
    assert clean.info["dpi"] == pytest.approx((300, 300), rel=1e-3)
    xmp = clean.info["xmp"]
    assert (xmp if isinstance(xmp, bytes) else xmp.encode()) == b'<x tiff:Orientation="1"/>'
    out = BytesIO()
    clean.save(out, "JPEG")  # which writes XMP by itself
    assert b'tiff:Orientation="6"' not in out.getvalue()


def test_a_pil_image_keeps_a_profile_of_any_length(fast: Derainer, rainy: Pixels) -> None:
    buffer = BytesIO()
    profile = np.random.default_rng(0).bytes(1_500_000)
    Image.fromarray(rainy[:40, :60]).save(buffer, "JPEG", icc_profile=profile)
    with Image.open(buffer) as image:
        assert fast(image).info["icc_profile"] == profile


def test_what_is_not_kept_warns(fast: Derainer, rainy: Pixels) -> None:
    """Where a file comes back; with an array nothing but pixels is promised."""
    buffer = BytesIO()
    Image.fromarray(rainy).save(buffer, "JPEG")
    data = buffer.getvalue() + b"\0\0\0\x18ftypmp42" + bytes(99)
    with pytest.warns(UserWarning, match="its video .motion photo. is not kept"):
        fast(data)


def test_heic_in_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch, fast: Derainer) -> None:
    pytest.importorskip("pi_heif")
    assert fast(HEIC).shape == (40, 48, 3)
    monkeypatch.setattr(Derainer, "_clean", lambda *_: pytest.fail("worked for nothing"))
    with pytest.raises(InvalidImageError, match="HEIC is read, but not written"):
        fast(HEIC.read_bytes())


def test_limits(rainy: Pixels, save: Callable[..., Path]) -> None:
    small = Derainer("fast", backend="onnxruntime", max_pixels=1000)
    assert small(rainy[:30, :33]).shape == (30, 33, 3)
    path = save("a.png", rainy)
    for image in (path, path.read_bytes(), rainy, Image.fromarray(rainy)):
        with pytest.raises(InvalidImageError, match=r"0\.1 megapixels, more than the 0\.001"):
            small(image)


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 100_000}, {"threads": 1.5}, {"tile": 64.0}, {"threads": True},
        {"max_pixels": 0}, {"device": 5},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_options(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(options))} must be"):
        Derainer("fast", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["cpu:foo", "cuda:99", "cpu:7", ":", "cpu:-1"])
def test_devices_that_are_none(device: str) -> None:
    with pytest.raises(BackendUnavailableError, match=f"device '{device}' is not present"):
        Derainer("fast", backend="torch", device=device)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "torch"])
def test_a_derainer_is_pickled_and_goes_on(backend: str, rainy: Pixels) -> None:
    options = {"backend": backend, "strength": 0.5, "tile": 144, "threads": 1, "device": "cpu"}
    derainer = Derainer("fast", **options)  # type: ignore[arg-type]
    expected = derainer(rainy)
    for twin in (pickle.loads(pickle.dumps(derainer)), copy.deepcopy(derainer)):
        assert np.array_equal(twin(rainy), expected)
        assert (twin.strength, twin.backend) == (0.5, derainer.backend)
    assert len(pickle.dumps(derainer)) < 2000  # how it was made, not what it holds
    assert np.array_equal(derainer(rainy), expected)


def test_workers_get_one(rainy: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As torch's DataLoader sends it: to a fresh process, in another folder maybe."""
    for name in ("fast.json", "fast.onnx"):
        shutil.copy(SHIPPED / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    derainer = Derainer("fast.json", backend="onnxruntime")
    expected = derainer(rainy[:64, :64])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        clean = pool.submit(derainer, rainy[:64, :64]).result()
    assert np.array_equal(clean, expected)
    assert np.array_equal(derainer(rainy[:64, :64]), expected)
