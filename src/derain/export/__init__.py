"""Torch network -> ONNX, with its card; a release from its manifest."""

from derain.export.reproduce import load_manifest, reproduce
from derain.export.run import export_run

__all__ = ["export_run", "load_manifest", "reproduce"]
