"""One ONNX file that any program can run: picture in, clean picture out, at any size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from derain.errors import UsageError
from derain.zoo import Model

Precision = Literal["float32", "float16"]


def standalone(model: Model, precision: Precision = "float32") -> bytes:
    """A model's graph with all around it that :class:`derain.Derainer` does in Python.

    Its input ``picture`` and output ``clean`` are (1, 3, H, W) float32, RGB in [0, 1], of any
    height and width. Inside, the picture is reflected at the bottom and the right up to what the
    network wants, clean = rainy - R + D is added in float32 and clipped, and the border is cut off.
    There are no tiles: memory grows with the picture (``bytes_per_pixel`` of the card).

    Args:
        model: Of pictures, not a gate of clips.
        precision: Of the network's weights and arithmetic.

    Raises:
        UsageError: The model is a gate of clips.
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
    nodes = [*_padding(rainy), *graph.node, *_skip(rainy, rain, detail)]
    sides = [1, 3, "height", "width"]
    whole = helper.make_graph(
        nodes,
        f"derain-{model.card.name}",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("clean", TensorProto.FLOAT, sides)],
        [*graph.initializer, *_numbers(model.card.size_multiple)],
        doc_string=f"derain {model.card.name}, {precision}: RGB in [0, 1] in and out, any size",
    )
    made = helper.make_model(whole, opset_imports=inner.opset_import, ir_version=inner.ir_version)
    made.producer_name = "derain"
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString()
    return data


def _numbers(multiple: int) -> list[onnx.TensorProto]:
    whole = {
        "zero": 0, "one": 1, "two": 2, "multiple": multiple, "at_height": [2], "at_width": [3],
        "start": [0, 0], "sides": [2, 3], "scalar": [],
    }  # fmt: skip
    values = {name: np.array(value, np.int64) for name, value in whole.items()}
    ends = {name: np.array(value, np.float32) for name, value in (("black", 0), ("white", 1))}
    return [numpy_helper.from_array(v, f"derain/{name}") for name, v in {**values, **ends}.items()]


def _padding(rainy: str) -> list[onnx.NodeProto]:
    """``picture`` -> ``rainy``: rows and columns gathered, reflected as often as it takes.

    Not ONNX's Pad, which reflects once: a picture may be narrower than what is added to it.
    """
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
    return nodes


def _skip(rainy: str, rain: str, detail: str) -> list[onnx.NodeProto]:
    """B = O - R + D, clipped, cut to the picture's own size."""
    return [
        _node("Sub", [rainy, rain], "coarse"),
        _node("Add", ["derain/coarse", detail], "background"),
        _node("Clip", ["derain/background", "derain/black", "derain/white"], "clipped"),
        _node("Concat", ["derain/height/list", "derain/width/list"], "end", axis=0),
        helper.make_node(
            "Slice", ["derain/clipped", "derain/start", "derain/end", "derain/sides"], ["clean"]
        ),
    ]


def _node(kind: str, inputs: list[str], output: str, **options: int) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [f"derain/{output}"], **options)
