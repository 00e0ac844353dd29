"""From a word of the user's to somebody else's derainer."""

from __future__ import annotations

from pathlib import Path

from derain.adapters.callable import CallableDerainer
from derain.adapters.contract import Adapter
from derain.adapters.onnx import OnnxDerainer
from derain.adapters.onnx_options import parse_onnx
from derain.adapters.spandrel import SUFFIXES, SpandrelDerainer
from derain.errors import UsageError


def foreign_derainer(spec: str, threads: int = 0) -> Adapter:
    """Somebody else's derainer, as something that is called on pictures.

    Args:
        spec: ``FILE.onnx``, with options behind a colon where they are needed
            (:func:`~derain.adapters.parse_onnx`); ``module:function``; or a file that spandrel can
            load.
        threads: Threads of the processor for an ONNX file, 0 for all.

    Raises:
        ModelNotFoundError: There is no such file, module or function, or it cannot be loaded.
        BackendUnavailableError: A library that it needs is not installed.
        UsageError: It is none of these, or an option is wrong or missing.
    """
    if onnx := parse_onnx(spec):
        return OnnxDerainer(*onnx, threads)
    if Path(spec).suffix in SUFFIXES:
        return SpandrelDerainer(Path(spec))
    if ":" in spec:
        return CallableDerainer(spec)
    raise UsageError(
        f"{spec}: neither an ONNX file nor module:function, nor a file that spandrel loads "
        f"({', '.join(SUFFIXES)})"
    )
