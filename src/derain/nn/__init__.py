"""The networks of Semi-DRDNet as pure mathematics, one part of the paper per file."""

from derain.nn.config import PRESETS, NetworkConfig, preset
from derain.nn.drdnet import DRDNet, Layers
from derain.nn.fold import fold
from derain.nn.io import load_network, save_network
from derain.nn.padding import pad_to_multiple

__all__ = [
    "PRESETS",
    "DRDNet",
    "Layers",
    "NetworkConfig",
    "fold",
    "load_network",
    "pad_to_multiple",
    "preset",
    "save_network",
]
