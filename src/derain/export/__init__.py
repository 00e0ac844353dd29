"""Torch network -> ONNX, with its card."""

from derain.export.run import export_run, model_files

__all__ = ["export_run", "model_files"]
