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
from derain.restore.interrupt import interruptible
from derain.zoo import Model


class OpenVinoBackend:
    """See :class:`derain.restore.backends.base.Backend`."""

    name = "openvino"
    device = "cpu"

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        threads: int = 0,
        jobs: int = 1,
        precision: str = "auto",
    ) -> None:
        if device not in ("auto", "cpu"):
            raise BackendUnavailableError(
                f"backend openvino runs on the cpu, not on '{device}'; use --backend torch"
            )
        try:
            import openvino
        except ModuleNotFoundError:
            raise BackendUnavailableError(
                "backend openvino is not installed: pip install 'derain[openvino]'"
            ) from None
        # Sets up what the first use of a tensor's data sets up; two threads there wait for each
        # other for ever.
        _ = openvino.Tensor(np.zeros(1, np.float32)).data
        core = openvino.Core()
        if precision == "auto":
            capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            precision = "bfloat16" if capable else "float32"
        self.precision = precision
        self._core, self._model, self._threads, self._jobs = core, model, threads, jobs
        self._compiled: Any = self._compile()
        self._lock, self._local = threading.Lock(), threading.local()

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        try:
            request = self._request()
            # Started, then waited for: a plain "infer" goes on to its end when it is cancelled.
            request.start_async({"rainy": np.ascontiguousarray(rainy[None])})
            interruptible(request.wait, request.cancel)
            rain, detail = (request.get_tensor(name).data for name in ("rain", "detail"))
        except BaseException as error:
            self._compiled = None  # a cancelled graph keeps shapes of half a run, which fit nothing
            if means_out_of_memory(error):
                raise TileTooLarge from error
            raise
        return np.array(rain[0], np.float32), np.array(detail[0], np.float32)

    def _request(self) -> Any:
        """The request of this thread: they must not be shared, and each keeps its memory."""
        with self._lock:
            if self._compiled is None:
                self._compiled = self._compile()
            if getattr(self._local, "compiled", None) is not self._compiled:
                self._local.compiled = self._compiled
                self._local.request = self._compiled.create_infer_request()
        return self._local.request

    def _compile(self) -> Any:
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if self.precision == "bfloat16" else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            # Without it the requests of several threads run one after the other.
            "NUM_STREAMS": self._jobs,
        }
        if self._threads:
            settings["INFERENCE_NUM_THREADS"] = self._threads
        try:
            graph = self._core.read_model(BytesIO(self._model.read_onnx()))
            return self._core.compile_model(graph, "CPU", settings)
        except RuntimeError as error:
            raise CorruptModelError(
                f"{self._model.card.onnx}: does not load ({first_line(error)})"
            ) from error

    def in_float32(self) -> OpenVinoBackend:
        if self.precision == "float32":
            return self
        return OpenVinoBackend(self._model, "cpu", self._threads, self._jobs, "float32")
