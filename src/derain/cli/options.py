"""Values of the command line that its library would take too loosely."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from derain.errors import UsageError

if TYPE_CHECKING:
    from cyclopts import Token

_LARGEST = 2**53  # a thousandth of what a seed of PyTorch may be


class Folder(type(Path())):  # type: ignore[misc] # Path itself cannot be derived from before 3.12
    """A path that was written with a slash at its end, which asks for a folder."""


def _output(_: Any, tokens: Sequence[Token]) -> Path:
    value = tokens[0].value
    return Folder(value) if value.endswith(("/", os.sep)) else Path(value)


def _whole(_: Any, tokens: Sequence[Token]) -> int:
    try:
        number = int(tokens[0].value)
    except ValueError:
        raise ValueError(f'"{tokens[0].value}" is no whole number') from None
    if abs(number) > _LARGEST:
        raise ValueError(f"{number} is too large a number")
    return number


Output = Annotated[Path, Parameter(converter=_output)]
Whole = Annotated[int, Parameter(converter=_whole)]


def shown_default(value: Any) -> str | None:
    """A default for the help; None for those that say nothing."""
    empty = value is None or value is False or value in ("", ())
    return None if empty else str(value)


def check_quality(quality: int | None) -> int | None:
    """``--quality``, or a :class:`UsageError`."""
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"--quality must be a whole number from 1 to 100, not {quality}")
    return quality


def pixels_of(megapixels: float | None) -> int | None:
    """``--max-megapixels`` in pixels, or a :class:`UsageError`."""
    if megapixels is not None and not 0 < megapixels < math.inf:
        raise UsageError(f"--max-megapixels must be above 0, not {megapixels:g}")
    return None if megapixels is None else round(megapixels * 1e6)


def bytes_of(memory: int | None) -> int | None:
    """``--memory``, which is in megabytes, in bytes, or a :class:`UsageError`."""
    if memory is not None and memory < 1:
        raise UsageError(f"--memory must be at least 1, not {memory}")
    return None if memory is None else memory << 20
