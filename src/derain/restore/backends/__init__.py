"""What runs a network, chosen by name or by what the machine has."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import shutil

from derain.errors import UsageError
from derain.restore.backends.base import Backend, Planes, TileTooLarge, check_backend
from derain.zoo import Model

BACKENDS = {
    "onnxruntime": "derain.restore.backends.onnxruntime:OnnxRuntimeBackend",
    "openvino": "derain.restore.backends.openvino:OpenVinoBackend",
    "torch": "derain.restore.backends.torch:TorchBackend",
}
"""Name -> class, imported when it is asked for. A new backend is a file and a line here."""


def make_backend(
    model: Model, name: str = "auto", device: str = "auto", threads: int = 0, jobs: int = 1
) -> Backend:
    """A backend for ``model``.

    ``auto`` takes torch where it is installed and an accelerator is there (or was asked for), else
    openvino where it is installed, else onnxruntime.

    Args:
        model: What to run.
        name: ``auto`` or one of :data:`BACKENDS`.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        threads: Threads of the processor, 0 for all.
        jobs: Pictures at once, which share the threads.

    Raises:
        UsageError: No such backend.
        BackendUnavailableError: Not installed, or the device is not there.
    """
    if name == "auto":
        name = _automatic(device)
    if name not in BACKENDS:
        raise UsageError(f"unknown backend '{name}'; known: auto, {', '.join(BACKENDS)}")
    module, _, kind = BACKENDS[name].partition(":")
    backend: Backend = getattr(importlib.import_module(module), kind)(model, device, threads, jobs)
    return backend


def may_accelerate(name: str, device: str) -> bool:
    """Whether a backend, chosen as by :func:`make_backend`, may run on an accelerator."""
    return device != "cpu" and (_automatic(device) if name == "auto" else name) == "torch"


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


__all__ = [
    "BACKENDS",
    "Backend",
    "Planes",
    "TileTooLarge",
    "check_backend",
    "make_backend",
    "may_accelerate",
]
