"""Torch network -> ONNX, and the check that both compute the same."""

from __future__ import annotations

import io
import logging
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from derain.errors import ExportError
from derain.nn import Network

PARITY = 1e-4
_OPSET = 18


class _Branches(nn.Module):
    """The two branches without the skip, which is added outside in float32."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, rainy: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.branches(rainy)


def to_onnx(network: Network) -> bytes:
    """Fold a network and export it with dynamic height and width.

    Input ``rainy`` (1, 3, H, W) float32, outputs ``rain`` and ``detail`` of the same shape; H and W
    are multiples of ``network.config.size_multiple``.
    """
    branches = _Branches(network.folded()).eval()
    multiple = network.config.size_multiple
    sides = [multiple * torch.export.Dim(f"{name}_units", min=1, max=4096) for name in ("h", "w")]
    example = (torch.rand(1, 3, 3 * multiple, 5 * multiple),)
    buffer = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            branches,
            example,
            input_names=["rainy"],
            output_names=["rain", "detail"],
            dynamic_shapes=({2: sides[0], 3: sides[1]},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(buffer)  # type: ignore[arg-type] # it takes a stream too
    return buffer.getvalue()


def check_parity(network: Network, onnx: bytes) -> float:
    """Largest difference between the network and its export, over several sizes.

    Raises:
        ExportError: It is above 1e-4.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    network = network.eval()
    multiple, worst = network.config.size_multiple, 0.0
    generator = torch.Generator().manual_seed(0)
    for rows, columns in ((1, 1), (2, 5), (7, 3)):
        rainy = torch.rand(1, 3, rows * multiple, columns * multiple, generator=generator)
        with torch.no_grad():
            layers = network(rainy)
        for name, expected in (("rain", layers.rain), ("detail", layers.detail)):
            (got,) = session.run([name], {"rainy": rainy.numpy()})
            worst = max(worst, float(np.abs(got - expected.numpy()).max()))
    if not worst <= PARITY:
        raise ExportError(f"the exported network differs from torch by {worst:.2e}, over {PARITY}")
    return worst
