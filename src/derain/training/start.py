"""What a run starts from: its network's weights, its teacher, and whether it can learn at all."""

from __future__ import annotations

import hashlib
import math
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from derain.errors import ConfigError
from derain.nn import DRDNet, load_network
from derain.nn.initialise import grow
from derain.nn.trunk import Trunk
from derain.training.config import TrainConfig

_FASTER: dict[str, str] = {}
"""What a trial found, by processor: one answer a process, since Accelerate takes no second one."""


def start_network(config: TrainConfig) -> DRDNet:
    """A fresh network, with the branches that the configuration takes from a weight file.

    Raises:
        ConfigError: The file holds another network.
    """
    network = DRDNet(config.network_config)
    if not config.init:
        return network
    if not Path(config.init).is_file():
        raise ConfigError(
            f"init={config.init}: no such weight file; the run with out={Path(config.init).parent} "
            "leaves it, and has to come first"
        )
    source = load_network(Path(config.init))
    for branch in config.init_branches:
        depths = [getattr(c, f"{branch}_blocks") for c in (network.config, source.config)]
        if not any(depths):
            continue  # neither has it
        if not all(depths):
            where = "this run's network" if not depths[0] else config.init
            raise ConfigError(
                f"init={config.init}: {where} has no {branch} branch; name the other one alone in "
                "init_branches"
            )
        # A branch may be deeper than what it starts from, and what is not its own may differ.
        others = ["rain_blocks", "detail_blocks", "mirrors", "pool_window"]
        if branch == "rain":
            others += ["detail_input", "detail_channels", "detail_unshuffle", "first"]
        same = {name: getattr(network.config, name) for name in others}
        if replace(source.config, **same) != network.config or depths[0] < depths[1]:
            raise ConfigError(f"init={config.init}: holds another network than this run trains")
        target = network.get_submodule(branch)
        assert isinstance(target, Trunk)
        grow(target, source.get_submodule(branch).state_dict())
    if network.context and source.context and {"rain", "detail"} <= set(config.init_branches):
        network.context.load_state_dict(source.context.state_dict())
    return network


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

    oneDNN (3.12, jit_bf16:avx512_core_bf16) gets weight gradients of dilated convolutions wrong in
    bfloat16, silently or as NaN, where the channels are above 16 and no multiple of it.

    Raises:
        ConfigError: This run would meet that.
    """
    network = config.network_config
    dilated = network.detail_blocks and max(network.dilations) > 1
    channels = network.detail[0]
    ragged = channels > 16 and channels % 16
    if dilated and ragged and precision == "bf16" and device.type == "cpu":
        raise ConfigError(
            f"the detail branch has {channels} channels: in bfloat16 on the CPU its gradients are "
            "wrong unless that is a multiple of 16; change it or set precision = 'no'"
        )


def load_teacher(config: TrainConfig, device: torch.device) -> DRDNet | None:
    """The teacher, which sees patches: in training mode, since its pools then span a patch."""
    if not (config.teacher and config.loss.teacher):
        return None
    network = load_network(Path(config.teacher)).requires_grad_(False)
    wrong = ""
    if network.config.norm != "none":
        wrong = "a network with normalisation cannot teach"
    elif network.rain is None:
        wrong = "holds a detail branch alone"
    elif config.patch % network.config.patch_multiple:
        wrong = f"wants a patch that is a multiple of {network.config.patch_multiple}"
    if wrong:
        raise ConfigError(f"teacher={config.teacher}: {wrong}")
    teacher: DRDNet = network.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return teacher
