"""What runs a network, chosen by name or by what the machine has."""

from __future__ import annotations

import importlib.util
import platform
import shutil
from collections.abc import Callable

from derain.errors import UsageError
from derain.restore.backends.base import Backend, Planes, TileTooLarge
from derain.zoo import Model

BACKENDS = ("onnxruntime", "openvino", "torch")


def _onnxruntime(model: Model, device: str, threads: int) -> Backend:
    from derain.restore.backends.onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend(model, device, threads)


def _openvino(model: Model, device: str, threads: int) -> Backend:
    from derain.restore.backends.openvino import OpenVinoBackend

    return OpenVinoBackend(model, device, threads)


def _torch(model: Model, device: str, threads: int) -> Backend:
    from derain.restore.backends.torch import TorchBackend

    return TorchBackend(model, device, threads)


_MAKERS: dict[str, Callable[[Model, str, int], Backend]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "torch": _torch,
}


def make_backend(
    model: Model, name: str = "auto", device: str = "auto", threads: int = 0
) -> Backend:
    """A backend for ``model``.

    ``auto`` takes torch where it is installed and an accelerator is there (or was asked for), else
    openvino where it is installed, else onnxruntime.

    Args:
        model: What to run.
        name: ``auto``, ``onnxruntime``, ``openvino`` or ``torch``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        threads: Threads of the processor, 0 for all.

    Raises:
        UsageError: No such backend.
        BackendUnavailableError: Not installed, or the device is not there.
    """
    if name == "auto":
        name = _automatic(device)
    if name not in _MAKERS:
        raise UsageError(f"unknown backend '{name}'; known: auto, {', '.join(BACKENDS)}")
    return _MAKERS[name](model, device, threads)


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _automatic(device: str) -> str:
    if device not in ("auto", "cpu"):
        return "torch"
    # Asked without importing torch, which takes seconds.
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    accelerated = apple or shutil.which("nvidia-smi") is not None
    if device == "auto" and accelerated and _installed("torch"):
        return "torch"
    return "openvino" if _installed("openvino") else "onnxruntime"


__all__ = ["BACKENDS", "Backend", "Planes", "TileTooLarge", "make_backend"]
