"""ONNX Runtime on the CPU: the default, in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from derain.errors import BackendUnavailableError, CorruptModelError, first_line
from derain.restore.backends.base import (
    Planes,
    TileTooLarge,
    means_out_of_memory,
)
from derain.restore.interrupt import interruptible
from derain.restore.jobs import engine_threads, threads_each
from derain.zoo import Model


def open_session(model: Model, threads: int = 0) -> Any:
    """A session of a model's ONNX file on the CPU.

    Args:
        model: Of any kind.
        threads: 0 for all that this process may use.

    Raises:
        CorruptModelError: It does not load.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = engine_threads(threads)
    # The arena keeps its pages from run to run; without it every operation faults its pages in
    # anew. The pattern would set aside a second block as large: tiles differ in size.
    options.enable_mem_pattern = False
    try:
        return onnxruntime.InferenceSession(
            model.read_onnx(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise CorruptModelError(
            f"{model.card.onnx}: does not load ({first_line(error)})"
        ) from error


class OnnxRuntimeBackend:
    """See :class:`derain.restore.backends.base.Backend`."""

    name = "onnxruntime"
    device = "cpu"
    precision = "float32"

    def __init__(self, model: Model, device: str = "auto", threads: int = 0, jobs: int = 1) -> None:
        if device not in ("auto", "cpu"):
            raise BackendUnavailableError(
                f"backend onnxruntime runs on the cpu, not on '{device}'; use --backend torch"
            )
        self._session = open_session(model, threads_each(threads, jobs))

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        import onnxruntime

        options = onnxruntime.RunOptions()

        def network() -> tuple[Planes, Planes]:
            rain, detail = self._session.run(["rain", "detail"], {"rainy": rainy[None]}, options)
            return rain, detail

        def cancel() -> None:
            options.terminate = True  # looked at after every operation

        try:
            rain, detail = interruptible(network, cancel)
        except Exception as error:
            if means_out_of_memory(error):
                raise TileTooLarge from error
            raise
        return np.asarray(rain[0]), np.asarray(detail[0])

    def in_float32(self) -> OnnxRuntimeBackend:
        return self
