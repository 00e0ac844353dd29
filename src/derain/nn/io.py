"""Networks to and from safetensors files that carry their configuration."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from derain.errors import CorruptModelError, ModelNotFoundError
from derain.files import atomic_write
from derain.nn.network import Network
from derain.nn.registry import architecture_of, build_network, config_of


def save_network(network: Network, path: Path) -> None:
    """Write the weights with the configuration in the header, atomically."""
    tensors = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    header = {
        "architecture": architecture_of(network.config),
        "network": json.dumps(network.config.to_dict()),
    }
    atomic_write(path, save(tensors, header))


def load_network(path: Path) -> Network:
    """Read a network in eval mode, on the CPU.

    Raises:
        ModelNotFoundError: There is no such file.
        CorruptModelError: The file is not a whole network of ours.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"{path}: no such weight file")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        # Files from before there was a second architecture do not name theirs.
        config = config_of(header.get("architecture", "drdnet"), json.loads(header["network"]))
        network = build_network(config)
        network.load_state_dict(state)
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError) as error:
        raise CorruptModelError(f"{path}: not a derain weight file ({error})") from error
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise CorruptModelError(f"{path}: holds weights that are not finite")
    return network.eval()
