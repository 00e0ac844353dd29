"""PyTorch (extra ``train``): CUDA, Apple's MPS, or the CPU."""

from __future__ import annotations

import numpy as np

from derain.errors import BackendUnavailableError
from derain.restore.backends.base import Planes, TileTooLarge, means_out_of_memory
from derain.restore.jobs import threads_each
from derain.zoo import Model


class TorchBackend:
    """See :class:`derain.restore.backends.base.Backend`."""

    name = "torch"
    precision = "float32"

    def __init__(self, model: Model, device: str = "auto", threads: int = 0, jobs: int = 1) -> None:
        try:
            import torch
        except ImportError:
            raise BackendUnavailableError(
                "backend torch is not installed: pip install 'derain[train]'"
            ) from None
        from derain.nn import load_network

        self.device = _choose(device)
        if each := threads_each(threads, jobs):
            torch.set_num_threads(each)
        network = load_network(model.weights_path()).folded()
        self._network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        import torch

        try:
            with torch.inference_mode():
                tensor = torch.from_numpy(np.ascontiguousarray(rainy))[None].to(self.device)
                layers = self._network(tensor.contiguous(memory_format=torch.channels_last))
                rain, detail = layers.rain[0].cpu().numpy(), layers.detail[0].cpu().numpy()
        except (MemoryError, RuntimeError) as error:
            if means_out_of_memory(error):
                raise TileTooLarge from error
            raise
        return rain, detail

    def in_float32(self) -> TorchBackend:
        return self


def _choose(device: str) -> str:
    import torch

    present = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if device == "auto":
        return next(name for name, count in present.items() if count)
    kind, colon, index = device.partition(":")
    number = int(index) if index.isdecimal() else -1 if colon else 0
    if not 0 <= number < present.get(kind, 0):
        there = ", ".join(name for name, count in present.items() if count)
        raise BackendUnavailableError(f"device '{device}' is not present; there is: {there}")
    return device
