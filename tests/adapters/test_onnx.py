"""Others' derainers: Python callables and ONNX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from derain import Derainer
from derain.adapters import foreign_derainer
from derain.errors import ModelNotFoundError, NonFiniteError, UsageError
from derain.zoo import load_model

Pixels = NDArray[np.uint8]


def half_onnx(
    path: Path, shape: tuple[object, ...] = (1, 3, "h", "w"), factor: float = 0.5
) -> Path:
    """An ONNX file that halves what it is given."""
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Mul", ["in", "half"], ["out"])],
        "half",
        [onnx.helper.make_tensor_value_info("in", kind, shape)],
        [onnx.helper.make_tensor_value_info("out", kind, shape)],
        [onnx.helper.make_tensor("half", kind, [], [factor])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def test_an_onnx_file_of_somebody_else(tmp_path: Path, photos: list[Pixels]) -> None:
    image = photos[0][:45, :37]
    got = foreign_derainer(str(half_onnx(tmp_path / "half.onnx")))(image)
    assert got.shape == image.shape and got.dtype == np.uint8
    assert np.abs(got.astype(float) - image / 2).max() <= 0.5


def test_a_shipped_onnx_file_gives_what_the_derainer_gives(photos: list[Pixels]) -> None:
    path = load_model("fast").weights_path().with_suffix(".onnx")
    image = photos[0][:128, :96]  # a multiple of 32: nothing is padded
    ours = Derainer("fast", backend="onnxruntime")(image)
    got = foreign_derainer(str(path))(image)
    assert np.abs(got.astype(int) - ours.astype(int)).max() <= 1


def test_what_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.onnx").write_bytes(b"no onnx")
    half_onnx(tmp_path / "flat.onnx", (3, 4))
    (tmp_path / "torn_foreign.py").write_text("def (")
    (tmp_path / "mine_foreign.py").write_text(
        "import numpy as np\n"
        "def floats(image): return image / 2\n"
        "def small(image): return image[:4]\n"
        "number = 3\n"
    )
    for spec, error, message in (
        ("none.onnx", ModelNotFoundError, "none.onnx: no such file"),
        ("broken.onnx", ModelNotFoundError, "broken.onnx: cannot be loaded"),
        ("flat.onnx", ModelNotFoundError, "flat.onnx: does not read one picture"),
        ("torn_foreign:derain", ModelNotFoundError, "cannot be imported"),
        (":derain", ModelNotFoundError, "cannot be imported"),
        ("nowhere:derain", ModelNotFoundError, "nowhere:derain: cannot be imported"),
        ("mine_foreign:missing", ModelNotFoundError, "cannot be imported"),
        ("mine_foreign:number", UsageError, "is not callable"),
        ("something", UsageError, "neither an ONNX file nor module:function"),
    ):
        with pytest.raises(error, match=message):
            foreign_derainer(spec)
    with pytest.raises(NonFiniteError, match=r"nan\.onnx: gave values that are not finite"):
        foreign_derainer(str(half_onnx(tmp_path / "nan.onnx", factor=float("nan"))))(
            np.ones((8, 8, 3), np.uint8)
        )
    image = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(UsageError, match="gave float64"):
        foreign_derainer("mine_foreign:floats")(image)
    with pytest.raises(UsageError, match="shape is"):
        foreign_derainer("mine_foreign:small")(image)
