"""PyTorch (extra ``gpu``): CUDA, Apple's MPS, or the CPU."""

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
    _as_found = 0
    """Threads that PyTorch had before a backend asked for others; 0 while none has."""

    def __init__(self, model: Model, device: str = "auto", threads: int = 0, jobs: int = 1) -> None:
        try:
            import torch
        except ImportError:
            raise BackendUnavailableError(
                "backend torch is not installed: pip install 'derain[gpu]'"
            ) from None
        from derain.devices import present_device
        from derain.nn import load_network

        self.device = present_device(device)
        self._threads = threads_each(threads, jobs)
        if self._threads and not TorchBackend._as_found:
            TorchBackend._as_found = torch.get_num_threads()
        network = load_network(model.weights_path()).folded()
        self._network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        import torch

        if threads := self._threads or self._as_found:
            # One number for the process, which backends of one and of several pictures share.
            torch.set_num_threads(threads)
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
