"""What every backend is: something that turns a picture into its rain and detail layers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from derain.errors import UsageError

Planes = NDArray[np.float32]


class TileTooLarge(Exception):  # noqa: N818 - a signal to split, not an error a user meets
    """Memory ran out: the caller is to try again with less."""


class Backend(Protocol):
    """Runs one network. Thread-safe.

    Attributes:
        name: What ``--backend`` calls it.
        device: Where it runs, for people.
        precision: ``float32`` or ``bfloat16``.
    """

    name: str
    device: str
    precision: str

    def run(self, rainy: Planes) -> tuple[Planes, Planes]:
        """Rain and detail layers of one picture.

        In the main thread, what a signal's handler raises ends it within about a second.

        Args:
            rainy: (3, H, W) float32 in [0, 1]; H and W multiples of the model's size multiple.

        Returns:
            (rain, detail), each (3, H, W) float32.

        Raises:
            TileTooLarge: Memory ran out.
        """
        ...

    def in_float32(self) -> Backend:
        """The same network in float32; itself where it is already."""
        ...


def check_backend(backend: object) -> None:
    """Raise :class:`UsageError` for what is no backend, before a picture is given to it."""
    kind = backend if isinstance(backend, type) else type(backend)
    if isinstance(backend, type):
        raise UsageError(f"backend: {kind.__name__} is a class; give an object of it")
    for needed in ("name", "device", "precision", "run", "in_float32"):
        if not hasattr(backend, needed):
            raise UsageError(
                f"backend: {kind.__name__} has no '{needed}', which derain.Backend asks for"
            )


def means_out_of_memory(error: BaseException) -> bool:
    """Whether an engine's error says that memory ran out; engines have no type of their own."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return any(
        phrase in text
        for phrase in ("out of memory", "bad allocation", "bad_alloc", "failed to allocate memory",
                       "not enough memory", "can't allocate", "cannot allocate")
    )  # fmt: skip
