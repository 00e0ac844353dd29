"""PyTorch modules as calls of the engines that derain runs on."""

from __future__ import annotations

import io
import logging
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn


def engine(network: nn.Module, example: Tensor, kind: str) -> Callable[[], object]:
    """A call that runs a module once on an example.

    Args:
        network: One tensor in, one out.
        example: What it is run on, of the only size it will take.
        kind: ``onnxruntime``, ``openvino`` (in bfloat16 where the processor multiplies in it) or
            ``torch``.
    """
    network = network.eval()
    if kind == "torch":
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # it takes it
        example = example.to(memory_format=torch.channels_last)

        def run_torch() -> None:
            with torch.inference_mode():
                network(example)

        return run_torch
    buffer, values = io.BytesIO(), example.numpy()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            network, (example,), input_names=["x"], dynamo=True, verbose=False
        )
    program.save(buffer)  # type: ignore[union-attr, arg-type] # it takes a stream too
    if kind == "onnxruntime":
        import onnxruntime

        session = onnxruntime.InferenceSession(
            buffer.getvalue(), providers=["CPUExecutionProvider"]
        )
        return lambda: session.run(None, {"x": values})
    import openvino

    core = openvino.Core()
    capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings = {"INFERENCE_PRECISION_HINT": "bf16" if capable else "f32"}
    request = core.compile_model(
        core.read_model(io.BytesIO(buffer.getvalue())), "CPU", settings
    ).create_infer_request()
    return lambda: request.infer({"x": values})


def timed(run: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
