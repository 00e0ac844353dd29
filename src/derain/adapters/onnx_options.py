"""What may have to be said of somebody else's ONNX file: ``FILE.onnx:OPTION,OPTION``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from derain.errors import UsageError

Layout = Literal["nchw", "nhwc"]

LAYOUTS: tuple[Layout, ...] = ("nchw", "nhwc")

RANGES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0), "-1-1": (-1.0, 1.0)}
"""What stands for black and white where a network counts in floats."""

MULTIPLE = 32
"""What most networks ask a picture's sides to be a multiple of."""

_SPEC = re.compile(r"(?P<file>.+\.onnx)(?::(?P<options>.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class OnnxOptions:
    """What is said of an ONNX file; what is not said is told from the file, or is an error.

    Attributes:
        layout: ``nchw`` or ``nhwc``; None: where its input has three channels.
        range: A name of :data:`RANGES` for its floats; None: 0-1. Integers are 0 to 255.
        multiple: What the sides of a picture are padded to where its input has no fixed size.
        output: The output that is the clean picture; None: the only one that can be it, or the one
            of a telling name.
    """

    layout: Layout | None = None
    range: str | None = None
    multiple: int = MULTIPLE
    output: str | None = None


def parse_onnx(spec: str) -> tuple[Path, OnnxOptions] | None:
    """File and options of ``FILE.onnx`` or ``FILE.onnx:OPTION,OPTION``; None for anything else.

    Options are ``nchw`` or ``nhwc``; ``0-1``, ``0-255`` or ``-1-1``; ``multiple-N``; and
    ``output-NAME``.

    Raises:
        UsageError: Another option, or two for one thing.

    Example:
        >>> parse_onnx("theirs.onnx:nhwc,0-255")[1].layout
        'nhwc'
    """
    found = _SPEC.fullmatch(spec)
    if found is None:
        return None
    said: dict[str, str | int] = {}
    words = found["options"]
    for word in words.split(",") if words is not None else ():
        key, value = _read(spec, word)
        if key in said:
            raise UsageError(f"{spec}: says two things of its {key}; give one")
        said[key] = value
    return Path(found["file"]), OnnxOptions(**said)  # type: ignore[arg-type]


def _read(spec: str, word: str) -> tuple[str, str | int]:
    if word in LAYOUTS:
        return "layout", word
    if word in RANGES:
        return "range", word
    key, _, value = word.partition("-")
    if key == "output" and value:
        return key, value
    if key == "multiple" and value.isdecimal() and 1 <= int(value) <= 4096:
        return key, int(value)
    raise UsageError(
        f"{spec}: '{word}' says nothing of an ONNX file; known: {', '.join(LAYOUTS)}, "
        f"{', '.join(RANGES)}, multiple-N (1 to 4096), output-NAME"
    )
