"""Python functions of strangers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from derain.adapters import foreign_derainer
from derain.errors import DerainError, ModelNotFoundError, UsageError

MODULE = """
import functools
import numpy as np
import torch

def written_to(image):
    image[:] = 7
    return image

def floats(image): return image / 2
def small(image): return image[:4]
def nothing(image): return None
number = 3

class Kept:
    @staticmethod
    def same(image): return image
    def __call__(self, image): return 255 - image

kept = Kept()

@torch.no_grad()
def quiet(image): return image

half = functools.partial(floats)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "torn_adapter.py").write_text("def (")
    (tmp_path / "mine_adapter.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_adapter", raising=False)
    return tmp_path


IMAGE = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)


def test_functions_methods_and_objects(folder: Path) -> None:
    before = IMAGE.copy()
    assert (foreign_derainer("mine_adapter:written_to")(IMAGE) == 7).all()
    np.testing.assert_array_equal(IMAGE, before)
    np.testing.assert_array_equal(foreign_derainer("mine_adapter:Kept.same")(IMAGE), IMAGE)
    np.testing.assert_array_equal(foreign_derainer("mine_adapter:kept")(IMAGE), 255 - IMAGE)


def test_what_is_not_written_in_python(folder: Path) -> None:
    """It has no source to be told by, so nothing that it made before is taken for its own."""
    derain = foreign_derainer("numpy:copy")
    np.testing.assert_array_equal(derain(IMAGE), IMAGE)
    np.testing.assert_array_equal(foreign_derainer("numpy:positive")(IMAGE), IMAGE)
    bytes_ = [foreign_derainer("builtins:bytes").fingerprint for _ in range(2)]
    assert bytes_[0] != bytes_[1]


@pytest.mark.parametrize("name", ["floats", "Kept.same", "kept", "quiet", "half"])
def test_another_source_is_another_method(folder: Path, name: str) -> None:
    """Decorated functions, objects and partial calls, too, as networks come."""
    before = foreign_derainer(f"mine_adapter:{name}").fingerprint
    assert foreign_derainer(f"mine_adapter:{name}").fingerprint == before
    (folder / "mine_adapter.py").write_text(f"{MODULE}# edited")
    assert foreign_derainer(f"mine_adapter:{name}").fingerprint != before


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("torn_adapter:derain", ModelNotFoundError, "cannot be imported"),
        (":derain", ModelNotFoundError, "cannot be imported"),
        ("nowhere:derain", ModelNotFoundError, "nowhere:derain: cannot be imported"),
        ("mine_adapter:missing", ModelNotFoundError, "cannot be imported"),
        ("mine_adapter:number", UsageError, "is not callable"),
        ("something", UsageError, "neither an ONNX file nor module:function, nor a file that"),
    ],
)
def test_what_cannot_be_used_is_named(
    spec: str, error: type[DerainError], message: str, folder: Path
) -> None:
    with pytest.raises(error, match=message):
        foreign_derainer(spec)


@pytest.mark.parametrize(
    ("name", "message"),
    [("floats", "gave float64"), ("small", r"shape is \(4, 9, 3\)"), ("nothing", "gave NoneType")],
)
def test_what_it_gives_is_checked(name: str, message: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=message):
        foreign_derainer(f"mine_adapter:{name}")(IMAGE)
