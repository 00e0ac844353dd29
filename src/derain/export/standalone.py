"""One ONNX file that any program can run: picture in, clean picture out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from derain.errors import UsageError
from derain.zoo import Model

Precision = Literal["float32", "float16"]
Around = tuple[list[onnx.NodeProto], list[onnx.NodeProto], list[onnx.TensorProto]]
"""What goes before a network, what goes after it, and the constants of both."""


def standalone(
    model: Model, precision: Precision = "float32", size: tuple[int, int] | None = None
) -> bytes:
    """A model's graph with all around it that :class:`derain.Derainer` does in Python.

    Its input ``picture`` and output ``clean`` are (1, 3, H, W) float32, RGB in [0, 1], of any
    height and width unless a size is given. Inside, the picture is reflected at the bottom and the
    right up to what the network wants, clean = rainy - R + D is added in float32 and clipped, and
    the border is cut off. There are no tiles: memory grows with the picture (``bytes_per_pixel`` of
    the card).

    Args:
        model: Of pictures, not a gate of clips.
        precision: Of the network's weights and arithmetic.
        size: Width and height of the only pictures it will take, in pixels. Such a graph computes
            with no shapes, for engines that know none before they run (ncnn, MNN, TensorRT).

    Raises:
        UsageError: The model is a gate of clips, or the size too small to be reflected.
    """
    if model.card.kind != "picture":
        raise UsageError(f"{model.card.name}: is no network of pictures")
    inner = onnx.load_from_string(model.read_onnx())
    if precision == "float16":
        from onnxruntime.transformers.float16 import convert_float_to_float16
        from onnxruntime.transformers.onnx_model import OnnxModel

        inner = convert_float_to_float16(inner, keep_io_types=True)
        OnnxModel(inner).topological_sort()
    graph = inner.graph
    rainy, (rain, detail) = graph.input[0].name, (output.name for output in graph.output)
    multiple = model.card.size_multiple
    before, after, numbers = (
        _any_size(rainy, multiple) if size is None else _one_size(rainy, multiple, size)
    )
    nodes = [*before, *graph.node, *_skip(rainy, rain, detail), *after]
    sides = [1, 3, *(("height", "width") if size is None else reversed(size))]
    whole = helper.make_graph(
        nodes,
        f"derain-{model.card.name}",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("clean", TensorProto.FLOAT, sides)],
        [*graph.initializer, *_tensors({"black": 0.0, "white": 1.0}, np.float32), *numbers],
        doc_string=f"derain {model.card.name}, {precision}: RGB in [0, 1] in and out",
    )
    made = helper.make_model(whole, opset_imports=inner.opset_import, ir_version=inner.ir_version)
    made.producer_name = "derain"
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString()
    return data


def _one_size(rainy: str, multiple: int, size: tuple[int, int]) -> Around:
    """``picture`` -> ``rainy`` and ``clipped`` -> ``clean`` by constants."""
    width, height = size
    right, below = -width % multiple, -height % multiple
    if right >= width or below >= height:
        raise UsageError(f"{width}x{height}: too small a size; take {multiple}x{multiple} or more")
    if not right and not below:
        return [helper.make_node("Identity", ["picture"], [rainy])], [_cut("Identity", [])], []
    numbers = {
        "pads": [0, 0, 0, 0, 0, 0, below, right],
        "start": [0, 0], "end": [height, width], "sides": [2, 3],
    }  # fmt: skip
    return (
        [helper.make_node("Pad", ["picture", "derain/pads"], [rainy], mode="reflect")],
        [_cut("Slice", [f"derain/{name}" for name in ("start", "end", "sides")])],
        _tensors(numbers, np.int64),
    )


def _any_size(rainy: str, multiple: int) -> Around:
    """``picture`` -> ``rainy``: rows and columns gathered, reflected as often as it takes.

    Not ONNX's Pad, which reflects once: a picture may be narrower than what is added to it.
    """
    numbers = {
        "zero": 0, "one": 1, "two": 2, "multiple": multiple, "at_height": [2], "at_width": [3],
        "start": [0, 0], "sides": [2, 3], "scalar": [],
    }  # fmt: skip
    nodes = [_node("Shape", ["picture"], "shape")]
    read = "picture"
    for axis, side in ((2, "height"), (3, "width")):
        at = f"derain/{side}"
        nodes += [
            _node("Gather", ["derain/shape", f"derain/at_{side}"], f"{side}/list"),
            _node("Reshape", [f"{at}/list", "derain/scalar"], f"{side}/size"),
            # Up to the next multiple: size + (-size mod multiple).
            _node("Neg", [f"{at}/size"], f"{side}/negative"),
            _node("Mod", [f"{at}/negative", "derain/multiple"], f"{side}/missing"),
            _node("Add", [f"{at}/size", f"{at}/missing"], f"{side}/padded"),
            _node("Range", ["derain/zero", f"{at}/padded", "derain/one"], f"{side}/places"),
            # A reflected axis repeats after 2 (size - 1) places; one of a single place after 1.
            _node("Sub", [f"{at}/size", "derain/one"], f"{side}/last"),
            _node("Mul", [f"{at}/last", "derain/two"], f"{side}/twice"),
            _node("Max", [f"{at}/twice", "derain/one"], f"{side}/period"),
            _node("Mod", [f"{at}/places", f"{at}/period"], f"{side}/forth"),
            _node("Sub", [f"{at}/period", f"{at}/forth"], f"{side}/back"),
            _node("Min", [f"{at}/forth", f"{at}/back"], f"{side}/source"),
            helper.make_node(
                "Gather",
                [read, f"{at}/source"],
                [rainy if axis == 3 else f"{at}/gathered"],
                axis=axis,
            ),
        ]
        read = f"{at}/gathered"
    cut = [
        _node("Concat", ["derain/height/list", "derain/width/list"], "end", axis=0),
        _cut("Slice", ["derain/start", "derain/end", "derain/sides"]),
    ]
    return nodes, cut, _tensors(numbers, np.int64)


def _skip(rainy: str, rain: str, detail: str) -> list[onnx.NodeProto]:
    """B = O - R + D, clipped."""
    return [
        _node("Sub", [rainy, rain], "coarse"),
        _node("Add", ["derain/coarse", detail], "background"),
        _node("Clip", ["derain/background", "derain/black", "derain/white"], "clipped"),
    ]


def _cut(kind: str, numbers: list[str]) -> onnx.NodeProto:
    return helper.make_node(kind, ["derain/clipped", *numbers], ["clean"])


def _tensors(values: Mapping[str, object], kind: type[np.generic]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.array(v, kind), f"derain/{n}") for n, v in values.items()]


def _node(kind: str, inputs: list[str], output: str, **options: int) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [f"derain/{output}"], **options)
