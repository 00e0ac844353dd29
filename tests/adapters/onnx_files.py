"""ONNX files of strangers, written on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[object]

NCHW, NHWC = (1, 3, "h", "w"), (1, "h", "w", 3)


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, Shape],
    outputs: dict[str, Shape],
    constants: dict[str, NDArray[np.generic]] | None = None,
    reads: int = TensorProto.FLOAT,
    gives: int = TensorProto.FLOAT,
) -> Path:
    """A graph in a file; ``reads`` and ``gives`` are the types of its inputs and outputs."""
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info(name, reads, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, gives, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 8
    onnx.save(model, path)
    return path


def linear(
    path: Path,
    shape: Shape = NCHW,
    factor: float = 1.0,
    add: float = 0.0,
    reads: int = TensorProto.FLOAT,
    gives: int | None = None,
) -> Path:
    """``factor * input + add``, computed in float32, cast to what it gives."""
    gives = reads if gives is None else gives
    nodes = [
        helper.make_node("Cast", ["in"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "add"], ["moved"]),
        helper.make_node("Cast", ["moved"], ["out"], to=gives),
    ]
    constants = {"factor": np.float32(factor), "add": np.float32(add)}
    arrays = {name: np.asarray(value) for name, value in constants.items()}
    return save(path, nodes, {"in": shape}, {"out": shape}, arrays, reads, gives)


def half_onnx(path: Path, shape: Shape = NCHW, factor: float = 0.5) -> Path:
    """A file that halves what it is given."""
    return linear(path, shape, factor)


def box_onnx(path: Path, side: int, height: object = "h", width: object = "w") -> Path:
    """Means over ``side`` x ``side`` pixels of each channel, zeros around the picture: NCHW."""
    kernel = np.full((3, 1, side, side), 1 / side**2, np.float32)
    node = helper.make_node("Conv", ["in", "kernel"], ["out"], group=3, pads=[side // 2] * 4)
    shape = (1, 3, height, width)
    return save(path, [node], {"in": shape}, {"out": shape}, {"kernel": kernel})


def blocks_onnx(path: Path, block: int) -> Path:
    """The picture itself, which must consist of whole blocks."""
    nodes = [
        helper.make_node("SpaceToDepth", ["in"], ["deep"], blocksize=block),
        helper.make_node("DepthToSpace", ["deep"], ["out"], blocksize=block),
    ]
    return save(path, nodes, {"in": NCHW}, {"out": NCHW})


def several_onnx(path: Path, outputs: dict[str, tuple[float, Shape]]) -> Path:
    """Several outputs, each the input times a factor; grey where its shape has one channel."""
    nodes = [helper.make_node("ReduceMean", ["in", "axes"], ["grey"])]
    for name, (_, shape) in outputs.items():
        nodes.append(
            helper.make_node("Mul", ["grey" if shape[1] == 1 else "in", f"by-{name}"], [name])
        )
    constants: dict[str, NDArray[np.generic]] = {
        f"by-{name}": np.asarray(np.float32(f)) for name, (f, _) in outputs.items()
    }
    constants["axes"] = np.array([1])
    shapes = {name: shape for name, (_, shape) in outputs.items()}
    return save(path, nodes, {"in": NCHW}, shapes, constants)
