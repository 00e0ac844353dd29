"""Weight files: round trip, and every kind of damage is a typed error."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from derain.errors import CorruptModelError, ModelNotFoundError
from derain.nn import DRDNetConfig, load_network, save_network
from tests.nn.test_networks import lively

CONFIG = DRDNetConfig(channels=8, rain_blocks=1, detail_blocks=1, pool_window=6)


def test_round_trip(tmp_path: Path) -> None:
    network = lively(CONFIG)
    save_network(network, tmp_path / "n.safetensors")
    loaded = load_network(tmp_path / "n.safetensors")
    assert loaded.config == CONFIG
    for key, value in network.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key])


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "n.safetensors"
    save_network(lively(CONFIG), path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], b"x" * len(whole)):
        path.write_bytes(damaged)
        with pytest.raises(CorruptModelError, match=r"n\.safetensors"):
            load_network(path)
    with pytest.raises(ModelNotFoundError):
        load_network(tmp_path / "missing.safetensors")


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = lively(CONFIG)
    network.rain.head.weight.data[0] = float("nan")
    save_network(network, tmp_path / "n.safetensors")
    with pytest.raises(CorruptModelError, match="finite"):
        load_network(tmp_path / "n.safetensors")
