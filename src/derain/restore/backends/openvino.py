"""OpenVINO on the CPU (extra ``openvino``): bfloat16 where the processor computes in it."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

import numpy as np

from derain.errors import BackendUnavailableError, CorruptModelError, first_line
from derain.restore.backends.base import (
    Planes,
    TileTooLarge,
    means_out_of_memory,
)
from derain.zoo import Model


class OpenVinoBackend:
    """See :class:`derain.restore.backends.base.Backend`."""

    name = "openvino"
    device = "cpu"

    def __init__(
        self, model: Model, device: str = "auto", threads: int = 0, precision: str = "auto"
    ) -> None:
        if device not in ("auto", "cpu"):
            raise BackendUnavailableError(
                f"backend openvino runs on the cpu, not on '{device}'; use --backend torch"
            )
        try:
            import openvino
        except ImportError:
            raise BackendUnavailableError(
                "backend openvino is not installed: pip install 'derain[openvino]'"
            ) from None
        core = openvino.Core()
        if precision == "auto":
            capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            precision = "bfloat16" if capable else "float32"
        self.precision = precision
        self._model, self._threads, self._local = model, threads, threading.local()
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            graph = core.read_model(BytesIO(model.read_onnx()))
            self._compiled: Any = core.compile_model(graph, "CPU", settings)
        except RuntimeError as error:
            raise CorruptModelError(
                f"{model.card.onnx}: does not load ({first_line(error)})"
            ) from error

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        # One request for each thread: they must not be shared, and each keeps its memory.
        request = getattr(self._local, "request", None)
        try:
            if request is None:
                request = self._local.request = self._compiled.create_infer_request()
            request.infer({"rainy": np.ascontiguousarray(rainy[None])})
            rain, detail = (request.get_tensor(name).data for name in ("rain", "detail"))
        except (MemoryError, RuntimeError) as error:
            if means_out_of_memory(error):
                raise TileTooLarge from error
            raise
        return np.array(rain[0], np.float32), np.array(detail[0], np.float32)

    def in_float32(self) -> OpenVinoBackend:
        if self.precision == "float32":
            return self
        return OpenVinoBackend(self._model, "cpu", self._threads, "float32")
