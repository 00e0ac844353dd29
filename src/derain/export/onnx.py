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
_BITS = 16


class _Inference(nn.Module):
    """What a network exports as its forward pass; of pictures' the skip is added outside."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, rainy: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.inference(rainy)


def to_onnx(network: Network) -> bytes:
    """Fold a network and export it with dynamic height and width.

    Input and outputs are (1, C, H, W) float32, named by the network's ``inference_names``; H and W
    are multiples of ``network.config.size_multiple``.
    """
    branches = _Inference(network.folded()).eval()
    with torch.no_grad():
        for weights in branches.parameters():
            weights.copy_(_rounded(weights))
    multiple = network.config.size_multiple
    sides = [multiple * torch.export.Dim(f"{name}_units", min=1, max=4096) for name in ("h", "w")]
    example = (torch.rand(1, network.inference_planes, 3 * multiple, 5 * multiple),)
    buffer = io.BytesIO()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            branches,
            example,
            input_names=[network.inference_names[0]],
            output_names=list(network.inference_names[1:]),
            dynamic_shapes=({2: sides[0], 3: sides[1]},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(buffer)  # type: ignore[arg-type] # it takes a stream too
    return buffer.getvalue()


def _rounded(weights: Tensor) -> Tensor:
    """Weights of so many bits that compressed, as web servers send them, they are a quarter less.

    They move by less than a hundred-thousandth of themselves; a level of 8 bits is 400 times that.
    """
    mantissa, exponent = torch.frexp(weights)
    return torch.ldexp(torch.round(mantissa * 2**_BITS), exponent - _BITS)


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
    read, *given = network.inference_names
    generator = torch.Generator().manual_seed(0)
    for rows, columns in ((1, 1), (2, 5), (7, 3)):
        shape = 1, network.inference_planes, rows * multiple, columns * multiple
        rainy = torch.rand(shape, generator=generator)
        with torch.no_grad():
            outputs = network.inference(rainy)
        for name, expected in zip(given, outputs, strict=True):
            (got,) = session.run([name], {read: rainy.numpy()})
            # Not max(), for which NaN is never the larger one.
            worst = float(np.maximum(worst, np.abs(got - expected.numpy()).max()))
    if not worst <= PARITY:
        raise ExportError(f"the exported network differs from torch by {worst:.2e}, over {PARITY}")
    return worst
