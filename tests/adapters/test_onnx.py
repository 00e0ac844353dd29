"""ONNX files of strangers: every form that can be told, and errors that say what to give."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.ndimage import uniform_filter

from derain import Derainer
from derain.adapters import OnnxOptions, foreign_derainer, onnx_options, parse_onnx
from derain.errors import DerainError, ModelNotFoundError, NonFiniteError, UsageError
from derain.zoo import load_model
from tests.adapters.onnx_files import (
    NCHW,
    NHWC,
    blocks_onnx,
    box_onnx,
    half_onnx,
    linear,
    save,
    several_onnx,
)

Pixels = NDArray[np.uint8]

FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8


@pytest.mark.parametrize(
    ("shape", "reads", "gives", "options", "add"),
    [
        (NCHW, FLOAT, FLOAT, "", -20 / 255),
        (NHWC, FLOAT, FLOAT, "", -20 / 255),
        (("n", 3, "h", "w"), FLOAT, FLOAT, "", -20 / 255),
        (NCHW, TensorProto.FLOAT16, TensorProto.FLOAT16, "", -20 / 255),
        (NCHW, TensorProto.DOUBLE, TensorProto.DOUBLE, "", -20 / 255),
        (NCHW, FLOAT, FLOAT, ":0-1", -20 / 255),
        (NCHW, FLOAT, FLOAT, ":0-255", -20),
        (NHWC, FLOAT, FLOAT, ":0-255,nhwc", -20),
        (NCHW, FLOAT, FLOAT, ":-1-1", -20 / 127.5),
        (NCHW, UINT8, UINT8, "", -20),
        (NHWC, UINT8, UINT8, "", -20),
        (NHWC, UINT8, FLOAT, "", -20),
        (("n", "c", "h", "w"), FLOAT, FLOAT, ":nchw", -20 / 255),
        (("n", "h", "w", "c"), FLOAT, FLOAT, ":nhwc", -20 / 255),
        ((1, 3, 64, 64), FLOAT, FLOAT, "", -20 / 255),
        ((1, 200, 70, 3), FLOAT, FLOAT, "", -20 / 255),
        ((1, 3, 48, "w"), UINT8, UINT8, "", -20),
    ],
)
def test_twenty_levels_darker(
    shape: tuple[object, ...], reads: int, gives: int, options: str, add: float,
    tmp_path: Path, photos: list[Pixels],
) -> None:  # fmt: skip
    """The same network in every form gives the same picture, of any size."""
    path = linear(tmp_path / "darker.onnx", shape, add=add, reads=reads, gives=gives)
    derain = foreign_derainer(f"{path}{options}")
    light = np.maximum(photos[0], 20)
    for image in (light, light[:45, :37], light[:5, :200]):
        got = derain(image)
        assert got.shape == image.shape and got.dtype == np.uint8
        assert np.abs(got.astype(int) - (image.astype(int) - 20)).max() <= (
            1 if reads == TensorProto.FLOAT16 else 0
        )


def test_floats_for_a_uint8_picture(tmp_path: Path, photos: list[Pixels]) -> None:
    """No type says how they count; the trial picture does."""
    path = linear(tmp_path / "to-one.onnx", NHWC, 1 / 510, reads=UINT8, gives=FLOAT)
    for image in (photos[0], np.zeros((40, 40, 3), np.uint8)):
        for spec in (f"{path}", f"{path}:0-1"):
            assert np.abs(foreign_derainer(spec)(image) - image / 2).max() <= 0.5


def test_results_are_rounded_and_cut(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    brighter = foreign_derainer(str(linear(tmp_path / "a.onnx", factor=1.5, add=-0.1)))(ramp)
    expected = np.rint(np.clip(1.5 * ramp.astype(float) - 25.5, 0, 255))
    assert np.abs(brighter - expected).max() <= 1
    assert brighter.min() == 0 and brighter.max() == 255


@pytest.mark.parametrize(
    ("height", "width"), [("h", "w"), (64, 64), (96, 80), (64, "w"), (300, 500), (40, 40)]
)
def test_windows_join_without_a_seam(
    height: object, width: object, tmp_path: Path, photo: Pixels
) -> None:
    """Against scipy's box, but where the picture ends; windows of a fixed size agree with it."""
    path = box_onnx(tmp_path / "box.onnx", 5, height, width)
    got = foreign_derainer(str(path))(photo)
    expected = uniform_filter(photo.astype(float), (5, 5, 0))
    assert np.abs(got - expected)[2:-2, 2:-2].max() <= 0.51
    assert got.shape == photo.shape


def test_a_multiple_that_a_network_wants(tmp_path: Path, photo: Pixels) -> None:
    path = blocks_onnx(tmp_path / "blocks.onnx", 64)
    got = foreign_derainer(f"{path}:multiple-64")(photo)
    np.testing.assert_array_equal(got, photo)
    wide = blocks_onnx(tmp_path / "wide.onnx", 192)
    np.testing.assert_array_equal(foreign_derainer(f"{wide}:multiple-192")(photo), photo)
    with pytest.raises(ModelNotFoundError, match=r"wide\.onnx:multiple-64") as caught:
        foreign_derainer(str(wide))
    assert "does not run on 128x128 pixels" in str(caught.value)
    with pytest.raises(ModelNotFoundError, match="does not run on 480x320 pixels"):
        foreign_derainer(str(path))(photo)  # the trial fitted


@pytest.mark.parametrize(
    ("outputs", "option", "factor"),
    [
        ({"mask": (0.2, (1, 1, "h", "w")), "x": (0.5, NCHW)}, "", 0.5),
        ({"rain": (0.2, NCHW), "clean": (0.5, NCHW)}, "", 0.5),
        ({"early": (0.7, NCHW), "Output": (0.5, NCHW)}, "", 0.5),
        ({"output": (0.7, NCHW), "clean": (0.5, NCHW)}, "", 0.5),
        ({"early": (0.7, NCHW), "late": (0.5, NCHW)}, ":output-late", 0.5),
        ({"early": (0.7, NCHW), "clean": (0.5, NCHW)}, ":output-early", 0.7),
        ({"rain": (0.4, NCHW), "detail": (0.1, NCHW)}, "", 0.7),
        ({"any-name": (0.5, ("a", "b", "c", "d"))}, "", 0.5),
    ],
)
def test_the_clean_picture_among_outputs(
    outputs: dict[str, tuple[float, tuple[object, ...]]], option: str, factor: float,
    tmp_path: Path, photos: list[Pixels],
) -> None:  # fmt: skip
    path = several_onnx(tmp_path / "several.onnx", outputs)
    got = foreign_derainer(f"{path}{option}")(photos[0])
    assert np.abs(got - factor * photos[0]).max() <= 0.51


def test_a_shipped_onnx_file_gives_what_the_derainer_gives(photos: list[Pixels]) -> None:
    model = load_model("fast")
    multiple = model.card.size_multiple
    path = f"{model.weights_path().with_suffix('.onnx')}:multiple-{multiple}"
    image = photos[0][: 3 * multiple, : 2 * multiple]  # nothing is padded
    ours = Derainer("fast", backend="onnxruntime")(image)
    got = foreign_derainer(path)(image)
    assert np.abs(got.astype(int) - ours.astype(int)).max() <= 1


def _two_inputs(path: Path) -> None:
    node = helper.make_node("Mul", ["in", "strength"], ["out"])
    save(path, [node], {"in": NCHW, "strength": (1,)}, {"out": NCHW})


def _smaller(path: Path) -> None:
    node = helper.make_node("AveragePool", ["in"], ["out"], kernel_shape=[2, 2], strides=[2, 2])
    save(path, [node], {"in": NCHW}, {"out": (1, 3, "a", "b")})


@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (lambda p: None, "", ModelNotFoundError, "no such file"),
        (lambda p: p.write_bytes(b"no onnx"), "", ModelNotFoundError, "cannot be loaded"),
        (lambda p: linear(p, (3, 4)), "", ModelNotFoundError, "does not read one picture"),
        (lambda p: linear(p, reads=TensorProto.INT64), "", ModelNotFoundError, "tensor.int64"),
        (lambda p: linear(p, (1, 1, "h", "w")), "", ModelNotFoundError,
         r"\(1, 1, h, w\), which is no RGB picture; .*a\.onnx:nhwc"),
        (lambda p: linear(p, (1, 5, "h", "w")), ":nchw", ModelNotFoundError, r"\(1, 5, h, w\)"),
        (lambda p: linear(p, (4, 3, "h", "w")), "", ModelNotFoundError, "4 pictures at once"),
        (lambda p: linear(p, (1, "a", "b", "c")), "", UsageError, "a.onnx:nchw or .*a.onnx:nhwc"),
        (lambda p: linear(p, (1, 3, "h", 3)), "", UsageError, "a.onnx:nchw or .*a.onnx:nhwc"),
        (_two_inputs, "", ModelNotFoundError, r"2 inputs \(in, strength\); export it with"),
        (_smaller, "", ModelNotFoundError, r"\(1, 3, 64, 64\) for \(1, 3, 128, 128\)"),
        (lambda p: several_onnx(p, {"a": (1, NCHW), "b": (1, NCHW)}), "", UsageError,
         r"which of its outputs \(a, b\) is the clean picture .* write .*a\.onnx:output-a"),
        (lambda p: half_onnx(p), ":output-x", UsageError, "no output 'x'; known: out"),
        (lambda p: linear(p, add=100), "", UsageError, r"gave 2\.56e\+04 .*a\.onnx:0-255"),
        (lambda p: linear(p, factor=1 / 255), ":0-255", UsageError, "gave 0.502 "),
        (lambda p: linear(p, factor=float("nan")), "", NonFiniteError, "are not finite"),
        (lambda p: half_onnx(p), ":", UsageError, "'' says nothing of an ONNX file; known: nchw"),
        (lambda p: half_onnx(p), ":bgr", UsageError, "'bgr' says nothing .*0-255.*multiple-N"),
        (lambda p: half_onnx(p), ":multiple-0", UsageError, "'multiple-0' says nothing"),
        (lambda p: half_onnx(p), ":nchw,nhwc", UsageError, "two things of its layout"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_before_any_picture(
    make: object, options: str, error: type[DerainError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.onnx"
    make(path)  # type: ignore[operator]
    with pytest.raises(error, match=message) as caught:
        foreign_derainer(f"{path}{options}")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_a_picture_that_gives_no_finite_values(tmp_path: Path) -> None:
    """White divides by nothing."""
    nodes = [
        helper.make_node("Sub", ["one", "in"], ["dark"]),
        helper.make_node("Div", ["in", "dark"], ["much"]),
        helper.make_node("Mul", ["much", "zero"], ["nothing"]),
        helper.make_node("Add", ["in", "nothing"], ["out"]),
    ]
    one = {name: np.asarray(np.float32(value)) for name, value in (("zero", 0), ("one", 1))}
    derain = foreign_derainer(
        str(save(tmp_path / "a.onnx", nodes, {"in": NCHW}, {"out": NCHW}, one))
    )
    assert derain(np.full((8, 8, 3), 100, np.uint8)).shape == (8, 8, 3)
    with pytest.raises(NonFiniteError, match=r"a\.onnx: gave values that are not finite"):
        derain(np.full((8, 8, 3), 255, np.uint8))


def test_what_is_said_is_part_of_what_it_is(tmp_path: Path) -> None:
    path = linear(tmp_path / "same.onnx")
    derainers = [foreign_derainer(f"{path}{said}") for said in ("", ":0-1", ":0-255")]
    assert len({derainer.fingerprint for derainer in derainers}) == 3
    assert "nchw; range 0-255, multiple 32" in derainers[2].about
    other = foreign_derainer(str(linear(tmp_path / "other.onnx", factor=0.9)))
    assert other.fingerprint != derainers[0].fingerprint


def test_weights_outside_of_the_file_are_part_of_what_it_is(tmp_path: Path) -> None:
    model, path = onnx.load(linear(tmp_path / "in.onnx")), tmp_path / "out.onnx"
    for tensor in model.graph.initializer:
        tensor.raw_data = numpy_helper.to_array(tensor).tobytes()
    onnx.save_model(model, path, save_as_external_data=True, location="out.data", size_threshold=0)
    before, rainy = foreign_derainer(str(path)), np.full((8, 8, 3), 100, np.uint8)
    gave = before(rainy)
    data = np.fromfile(tmp_path / "out.data", np.float32)
    (tmp_path / "out.data").unlink()  # the session may have it mapped
    (data * np.float32(0.5)).tofile(tmp_path / "out.data")
    after = foreign_derainer(str(path))
    assert not np.array_equal(after(rainy), gave)
    assert before.fingerprint != after.fingerprint


def test_our_own_network_is_padded_as_we_pad(tmp_path: Path, fast: Derainer) -> None:
    model = load_model("fast")
    rainy = np.random.default_rng(0).integers(0, 255, (70, 61, 3), np.uint8)
    file, multiple = model.folder / model.card.onnx, model.card.size_multiple
    theirs = foreign_derainer(f"{file}:multiple-{multiple}")(rainy)
    assert np.abs(theirs.astype(int) - fast(rainy)).max() <= 1


def test_specs() -> None:
    assert doctest.testmod(onnx_options).failed == 0
    assert parse_onnx("C:\\nets\\a.onnx:nhwc") == (
        Path("C:\\nets\\a.onnx"), OnnxOptions(layout="nhwc"),
    )  # fmt: skip
    assert parse_onnx("a.onnx:0-255,multiple-8,output-a-b") == (
        Path("a.onnx"), OnnxOptions(range="0-255", multiple=8, output="a-b"),
    )  # fmt: skip
    assert parse_onnx("module:function") is None
    assert parse_onnx("a.onnx.json") is None
