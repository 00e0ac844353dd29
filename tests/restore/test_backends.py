"""Backends agree, are chosen as told, and a value that is not finite is never a black picture."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from derain import BackendUnavailableError, Derainer, NonFiniteError, UsageError
from derain.restore import backends
from derain.restore.backends import Planes
from derain.restore.backends.base import means_out_of_memory
from derain.restore.backends.openvino import OpenVinoBackend
from derain.zoo import load_model

Pixels = NDArray[np.uint8]


@pytest.mark.parametrize("name", ["base", "fast"])
def test_float32_backends_agree(name: str, rainy: Pixels) -> None:
    model = load_model(name)
    height, width = (side - side % model.card.size_multiple for side in rainy.shape[:2])
    image = np.moveaxis(rainy[:height, :width], 2, 0).astype(np.float32, order="C") / 255
    expected = backends.make_backend(model, "onnxruntime").run(image)
    for backend in (
        backends.make_backend(model, "torch", "cpu"),
        OpenVinoBackend(model, precision="float32"),
    ):
        for got, layer in zip(backend.run(image), expected, strict=True):
            assert np.abs(got - layer).max() < 1e-4


@pytest.mark.parametrize("name", ["base", "fast"])
def test_openvino_is_close_in_its_own_precision(name: str, rainy: Pixels) -> None:
    """bfloat16 where the processor has it: within a few levels, half a level in the mean."""
    a = Derainer(name, backend="openvino")(rainy).astype(int)
    difference = np.abs(a - Derainer(name, backend="onnxruntime")(rainy))
    assert difference.max() <= 6
    assert difference.mean() < 0.5


def test_automatic_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    have = {"torch": True, "openvino": True}
    monkeypatch.setattr(backends, "_installed", lambda name: have[name])
    monkeypatch.setattr(backends.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    assert backends._automatic("auto") == "torch"
    assert backends._automatic("cpu") == "openvino"
    assert backends._automatic("cuda:1") == "torch"
    monkeypatch.setattr(backends.shutil, "which", lambda _: None)
    assert backends._automatic("auto") == "openvino"
    have["openvino"] = False
    assert backends._automatic("auto") == "onnxruntime"


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_a_missing_backend_says_how_to_get_it(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(BackendUnavailableError, match="pip install"):
        Derainer("fast", backend=backend)


@pytest.mark.parametrize(
    ("backend", "device"), [("onnxruntime", "cuda"), ("openvino", "mps"), ("torch", "tpu")]
)
def test_a_missing_device_is_told(backend: str, device: str) -> None:
    with pytest.raises(BackendUnavailableError, match=device):
        Derainer("fast", backend=backend, device=device)


class Broken:
    """A backend that gives nothing finite, in float32 too if ``always``."""

    name, device, precision = "broken", "cpu", "bfloat16"

    def __init__(self, always: bool) -> None:
        self.always = always

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        return np.full_like(rainy, np.nan), np.zeros_like(rainy)

    def in_float32(self) -> Broken | Whole:
        return self if self.always else Whole()


class Whole(Broken):
    def __init__(self) -> None:
        super().__init__(True)

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        return np.zeros_like(rainy), np.zeros_like(rainy)


def test_not_finite_is_tried_again_in_float32(rainy: Pixels) -> None:
    assert np.array_equal(Derainer("fast", backend=Broken(always=False))(rainy), rainy)
    with pytest.raises(NonFiniteError, match="not finite"):
        Derainer("fast", backend=Broken(always=True))(rainy)


def test_engines_words_for_no_memory() -> None:
    assert means_out_of_memory(MemoryError())
    assert means_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert means_out_of_memory(RuntimeError("std::bad_alloc"))
    assert not means_out_of_memory(RuntimeError("shape mismatch"))


class Single(Whole):
    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        return np.zeros((1, *rainy.shape), np.float32), np.zeros_like(rainy)


def test_what_is_no_backend_is_told(rainy: Pixels) -> None:
    with pytest.raises(UsageError, match="backend: Whole is a class; give an object of it"):
        Derainer("fast", backend=Whole)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="backend: object has no 'name'"):
        Derainer("fast", backend=object())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"broken gave layers of the shapes \(1, 3, "):
        Derainer("fast", backend=Single())(rainy)
