"""Others' derainers, each behind one call: a picture in, the restored picture out."""

from derain.adapters.onnx import Derain, OnnxDerainer, Pixels, foreign_derainer, load_callable

__all__ = ["Derain", "OnnxDerainer", "Pixels", "foreign_derainer", "load_callable"]
