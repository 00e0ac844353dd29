"""Others' derainers, each behind one call: a picture in, the restored picture out."""

from derain.adapters.callable import CallableDerainer
from derain.adapters.contract import Adapter, Derain, Pixels
from derain.adapters.load import foreign_derainer
from derain.adapters.onnx import OnnxDerainer
from derain.adapters.onnx_options import OnnxOptions, parse_onnx
from derain.adapters.results import ResultsFolder
from derain.adapters.spandrel import SpandrelDerainer

__all__ = [
    "Adapter",
    "CallableDerainer",
    "Derain",
    "OnnxDerainer",
    "OnnxOptions",
    "Pixels",
    "ResultsFolder",
    "SpandrelDerainer",
    "foreign_derainer",
    "parse_onnx",
]
