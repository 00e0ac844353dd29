"""Every architecture that can be trained and shipped: a new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from derain.errors import ConfigError
from derain.nn import drdnet, drdnet_config, gate, nafnet
from derain.nn.network import Network, NetworkConfig


@dataclass(frozen=True)
class Architecture:
    """A kind of network.

    Attributes:
        config: Its sizes.
        network: Builds it from them.
        presets: Sizes with a name.
    """

    config: type[NetworkConfig]
    network: type[Network]
    presets: Mapping[str, NetworkConfig]


ARCHITECTURES: dict[str, Architecture] = {
    "drdnet": Architecture(drdnet_config.DRDNetConfig, drdnet.DRDNet, drdnet_config.PRESETS),
    "nafnet": Architecture(nafnet.NAFNetConfig, nafnet.NAFNet, nafnet.PRESETS),
    "gate": Architecture(gate.GateConfig, gate.GateNet, gate.PRESETS),
}
PRESETS: dict[str, NetworkConfig] = {
    name: config for kind in ARCHITECTURES.values() for name, config in kind.presets.items()
}


def preset(name: str) -> NetworkConfig:
    """A named configuration: ``paper`` (PAPER and CODE), ``base``, ``fast`` ... (OURS)."""
    if name not in PRESETS:
        raise ConfigError(f"unknown network preset {name!r}; known: {', '.join(PRESETS)}")
    return PRESETS[name]


def architecture_of(config: NetworkConfig) -> str:
    """The name of a configuration's architecture."""
    return next(name for name, kind in ARCHITECTURES.items() if kind.config is type(config))


def build_network(config: NetworkConfig) -> Network:
    """A fresh network."""
    return ARCHITECTURES[architecture_of(config)].network(config)


def config_of(architecture: str, values: Mapping[str, Any]) -> NetworkConfig:
    """A configuration from plain values; an unknown architecture or key is a ConfigError."""
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ConfigError(f"unknown architecture {architecture!r}; known: {known}")
    return ARCHITECTURES[architecture].config.from_dict(values)
