"""The dual contrast on real photographs."""

from derain.training.contrast.dual import DualContrast, Known
from derain.training.contrast.embedding import Embedder, MomentumEncoder, VggEmbedder
from derain.training.contrast.sheet import neighbours

__all__ = ["DualContrast", "Embedder", "Known", "MomentumEncoder", "VggEmbedder", "neighbours"]
