"""What a run starts from: its network's weights, its precision, and whether it can learn at all."""

from __future__ import annotations

import hashlib
import math
import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from derain.errors import ConfigError
from derain.nn import Network, build_network, load_network
from derain.training.config import TrainConfig
from derain.training.weights import weight_file

_FASTER: dict[str, str] = {}
"""What a trial found, by processor: one answer a process, since Accelerate takes no second one."""


def start_network(config: TrainConfig) -> Network:
    """A fresh network, with the branches that the configuration takes from weight files.

    Raises:
        ConfigError: A file holds another network.
    """
    network = build_network(config.network_config)
    if config.init:
        _take_over(network, config.init, config.init_branches, config.init_blocks)
    if config.blend:
        other = build_network(config.network_config)
        _take_over(other, config.blend.init, config.blend.branches)
        for part in config.blend.branches:
            theirs = other.part(part).state_dict()
            for name, value in network.part(part).state_dict().items():
                if value.is_floating_point():  # the others are counts
                    value.lerp_(theirs[name], config.blend.share)
    return network


def _take_over(
    network: Network,
    init: str,
    parts: Sequence[str],
    blocks: Mapping[str, Sequence[int]] | None = None,
) -> None:
    source = load_network(weight_file(init, "init"))
    for part in parts:
        try:
            if blocks and part in blocks:
                source = source.thinned(part, blocks[part])
            network.take_over(source, part)
        except ConfigError as error:
            raise ConfigError(f"init={init}: {error}") from error


def precision_of(
    config: TrainConfig, device: torch.device, before: Mapping[str, Any] | None = None
) -> str:
    """``no`` or ``bf16``: with ``auto``, what this machine multiplies faster, by a trial.

    Args:
        config: The run.
        device: Where it computes.
        before: What :func:`processor` and this function gave when the run was saved. On the same
            processor it stays as it was: a trial may turn out either way where both take as long.
    """
    if config.precision != "auto":
        return config.precision
    if device.type != "cpu":
        return "bf16"
    here = processor()
    if before and before.get("processor") == here:
        _FASTER[here] = str(before["precision"])
    elif here not in _FASTER:
        _FASTER[here] = "bf16" if _seconds(torch.bfloat16) < _seconds(torch.float32) else "no"
    return _FASTER[here]


def processor() -> str:
    """A digest of the processor's name and abilities, as far as the system tells them."""
    told = {platform.processor()}
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told |= {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:16]


@torch.no_grad()
def _seconds(kind: torch.dtype) -> float:
    """Of the best of some convolutions of middle size."""
    layer = torch.nn.Conv2d(48, 48, 3, padding=1).to(kind)
    features, best = torch.ones(1, 48, 48, 48, dtype=kind), math.inf
    for _ in range(5):
        began = time.perf_counter()
        layer(features)
        best = min(best, time.perf_counter() - began)
    return best


def refuse_wrong_gradients(config: TrainConfig, precision: str, device: torch.device) -> None:
    """Stop a run that could not learn what it is to learn, in ``no`` or ``bf16``.

    Raises:
        ConfigError: In bfloat16 on this device the network's gradients are wrong.
    """
    why = config.network_config.wrong_in_bfloat16
    if why and device.type == "cpu" and precision == "bf16":
        raise ConfigError(
            f"{why}: in bfloat16 on the CPU its gradients are wrong; change that or set "
            "precision = 'no'"
        )
