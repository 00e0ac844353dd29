"""Torch network -> ONNX, with its card."""

from derain.export.run import export_run

__all__ = ["export_run"]
