"""The networks as pure mathematics: those of Semi-DRDNet, and what they are held against."""

from derain.nn.cost import macs_per_pixel
from derain.nn.drdnet import DRDNet
from derain.nn.drdnet_config import DRDNetConfig
from derain.nn.gate import GateConfig, GateNet
from derain.nn.io import load_network, save_network
from derain.nn.network import Layers, Network, NetworkConfig
from derain.nn.padding import pad_to_multiple
from derain.nn.registry import ARCHITECTURES, PRESETS, build_network, config_of, preset

__all__ = [
    "ARCHITECTURES",
    "PRESETS",
    "DRDNet",
    "DRDNetConfig",
    "GateConfig",
    "GateNet",
    "Layers",
    "Network",
    "NetworkConfig",
    "build_network",
    "config_of",
    "load_network",
    "macs_per_pixel",
    "pad_to_multiple",
    "preset",
    "save_network",
]
