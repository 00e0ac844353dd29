"""How an ONNX file wants a picture and gives one back, told from its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derain.adapters.onnx_options import RANGES, Layout, OnnxOptions
from derain.errors import ModelNotFoundError, UsageError

_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}

OURS = ("rain", "detail")
"""The outputs of this project's own files, which leave the last sum to the caller."""

_TELLING = ("clean", "output", "derained", "restored", "result", "out")


class Node(Protocol):
    """An input or output, as onnxruntime tells it."""

    name: str
    type: str
    shape: list[int | str | None]


@dataclass(frozen=True)
class Form:
    """How one ONNX file reads and gives a picture.

    Attributes:
        input: The name of its input.
        type: The type of its numbers.
        layout: Where its channels stand.
        low, high: Black and white, as it counts.
        sides: Height and width; None where any is taken.
        outputs: The name of the clean picture, or :data:`OURS`.
    """

    input: str
    type: Any
    layout: Layout
    low: float
    high: float
    sides: tuple[int | None, int | None]
    outputs: tuple[str, ...]

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """(H, W, 3) uint8 -> the input, of a batch of one."""
        if self.type == np.uint8:
            levels: NDArray[Any] = pixels
        else:
            levels = pixels.astype(np.float32) / np.float32(255 / (self.high - self.low))
            levels = (levels + np.float32(self.low)).astype(self.type)
        return (np.moveaxis(levels, 2, 0) if self.layout == "nchw" else levels)[None]

    def decode(self, values: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
        """An output of a batch of one -> (H, W, 3) levels in 0..255, not rounded."""
        picture = values.reshape(values.shape[-3:])
        levels = np.moveaxis(picture, 0, 2) if self.layout == "nchw" else picture
        if np.issubdtype(values.dtype, np.integer):
            return levels.astype(np.float32)
        return (levels.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))


def read_form(
    name: str, inputs: Sequence[Node], outputs: Sequence[Node], options: OnnxOptions
) -> Form:
    """The form of an ONNX file.

    Args:
        name: Of the file, for errors.
        inputs, outputs: What onnxruntime tells of it.
        options: What is said of it; it is held to that.

    Raises:
        ModelNotFoundError: It reads something else than one RGB picture.
        UsageError: Its form cannot be told; the message says what to give.
    """
    if len(inputs) != 1:
        names = ", ".join(node.name for node in inputs)
        raise ModelNotFoundError(
            f"{name}: reads {len(inputs)} inputs ({names}); export it with the picture alone"
        )
    (node,) = inputs
    if node.type not in _TYPES or len(node.shape) != 4:
        raise ModelNotFoundError(
            f"{name}: does not read one picture (1, 3, H, W) or (1, H, W, 3) of floats or uint8, "
            f"but {node.type} of {_shown(node.shape)}"
        )
    if isinstance(node.shape[0], int) and node.shape[0] != 1:
        raise ModelNotFoundError(
            f"{name}: reads {node.shape[0]} pictures at once; export it for one"
        )
    layout = _layout(name, node, options)
    low, high = RANGES[options.range or "0-1"]
    sides = node.shape[2:] if layout == "nchw" else node.shape[1:3]
    height, width = (side if isinstance(side, int) and side > 0 else None for side in sides)
    return Form(
        node.name, _TYPES[node.type], layout, low, high, (height, width),
        _outputs(name, outputs, layout, options),
    )  # fmt: skip


def _layout(name: str, node: Node, options: OnnxOptions) -> Layout:
    channels: dict[Layout, int | str | None] = {"nchw": node.shape[1], "nhwc": node.shape[3]}
    if options.layout is not None:
        channels = {options.layout: channels[options.layout]}
    fits = [layout for layout, count in channels.items() if count == 3]
    may = [layout for layout, count in channels.items() if not isinstance(count, int)]
    if len(fits) == 1:
        return fits[0]
    if may and options.layout is not None:
        return options.layout
    if fits or may == list(channels):
        raise UsageError(
            f"{name}: where the channels stand cannot be told from {_shown(node.shape)}; write "
            f"{name}:nchw or {name}:nhwc"
        )
    hint = f"; if its channels can be three, write {name}:{may[0]}" if may else ""
    raise ModelNotFoundError(f"{name}: reads {_shown(node.shape)}, which is no RGB picture{hint}")


def _outputs(
    name: str, outputs: Sequence[Node], layout: Layout, options: OnnxOptions
) -> tuple[str, ...]:
    names = [node.name for node in outputs]
    shown = ", ".join(names)
    if options.output is not None:
        if options.output not in names:
            raise UsageError(f"{name}: has no output '{options.output}'; known: {shown}")
        return (options.output,)
    if set(OURS) <= set(names):
        return OURS
    # A single output is taken, whatever its shape says: the trial sees what it gives.
    pictures = [node.name for node in outputs if _may_be_picture(node, layout)]
    if len(names) == 1 or len(pictures) == 1:
        return ((pictures or names)[0],)
    by_word = {picture.lower(): picture for picture in pictures}
    for word in _TELLING:
        if word in by_word:
            return (by_word[word],)
    raise UsageError(
        f"{name}: which of its outputs ({shown}) is the clean picture cannot be told; write "
        f"{name}:output-{(pictures or names)[0]}"
    )


def _may_be_picture(node: Node, layout: Layout) -> bool:
    """Whether an output's shape, as far as it is known, can be an RGB picture's."""
    if not node.shape:  # unknown
        return True
    if len(node.shape) not in (3, 4):
        return False
    channels = node.shape[-3 if layout == "nchw" else -1]
    return channels == 3 or not isinstance(channels, int)


def _shown(shape: Sequence[int | str | None]) -> str:
    return f"({', '.join(str(side or '?') for side in shape)})"
