"""A Python function that derains."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from derain.adapters.contract import Pixels, check_pixels
from derain.data import sha256
from derain.errors import ModelNotFoundError, UsageError, first_line


class CallableDerainer:
    """``module:function``, taking and giving (H, W, 3) uint8; what it gives is checked.

    Modules of the working folder are found. The function gets a copy, so that it may write to it.

    Raises:
        ModelNotFoundError: It cannot be imported.
        UsageError: It is not callable, or, when called, gave something else than such a picture.
    """

    def __init__(self, spec: str) -> None:
        self._spec, self._function = spec, _load(spec)
        self.about = f"the callable {spec}"
        source = _source(self._function)
        # Of what cannot be read nobody knows whether it changed: no two are the same.
        self.fingerprint = f"{spec} {sha256(source) if source else uuid.uuid4()}"

    def __call__(self, rainy: Pixels) -> Pixels:
        return check_pixels(self._spec, self._function(rainy.copy()), rainy)


def _load(spec: str) -> Callable[[Pixels], Any]:
    module, _, attribute = spec.partition(":")
    # It stays on the path: what a function imports when it is called is found, too.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever a stranger's module does
        raise ModelNotFoundError(f"{spec}: cannot be imported ({first_line(error)})") from error
    if not callable(found):
        raise UsageError(f"{spec}: is not callable")
    function: Callable[[Pixels], Any] = found
    return function


def _source(function: Callable[[Pixels], Any]) -> Path | None:
    """The file a function, or an object's class, is written in; None for what is not Python."""
    while isinstance(function, functools.partial):
        function = function.func
    plain: Any = inspect.unwrap(function)
    try:
        source = inspect.getsourcefile(plain if inspect.isroutine(plain) else type(plain))
    except TypeError:  # built in, or written in C
        return None
    return Path(source) if source else None
