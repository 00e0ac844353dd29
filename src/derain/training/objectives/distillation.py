"""A pupil learns what its teacher makes of the same pictures, too (distillation, OURS)."""

from __future__ import annotations

import torch
from torch import Tensor

from derain.errors import ConfigError
from derain.nn import Layers, Network, load_network
from derain.nn.mirrors import over_mirrors
from derain.training.config import TrainConfig
from derain.training.objectives.base import Batch, Objective, Terms
from derain.training.weights import weight_file


class Distillation(Objective):
    """``teacher L1(B, B_teacher)``.

    Args:
        config: The run; its ``teacher`` names a shipped model or a weight file.
        device: Where the run computes.

    Raises:
        ConfigError: There is no such file, or what it holds cannot teach.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self._weight = config.loss.teacher
        self.teacher = _load(config, device)
        self._taught: Tensor | None = None

    @torch.no_grad()
    def taught(self, rainy: Tensor) -> Tensor:
        """The teacher's clean pictures of a batch, over its mirrors."""
        seen = rainy.contiguous(memory_format=torch.channels_last)
        rain, detail = over_mirrors(self.teacher.once, (seen,), self.teacher.config.mirrors)
        return rainy - rain + detail

    def draw(self, batch: Batch, averaged: Network) -> Tensor:
        # Here, where the run's precision holds.
        self._taught = self.taught(batch.rainy)
        return batch.rainy[:0]

    def loss(self, batch: Batch, layers: Layers, own: Layers) -> tuple[Tensor, Terms]:
        assert self._taught is not None
        term = (layers.clean - self._taught).abs().mean()
        return self._weight * term, {"teacher": term.detach()}


def _load(config: TrainConfig, device: torch.device) -> Network:
    """The teacher, which sees patches: in training mode, since its pools then span a patch."""
    network = load_network(weight_file(config.teacher, "teacher")).requires_grad_(False)
    wrong = ""
    if any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules()):
        wrong = "a network with normalisation over batches cannot teach"
    elif network.needs_coarse:
        wrong = "holds a detail branch alone"
    elif config.patch % network.config.patch_multiple:
        wrong = f"wants a patch that is a multiple of {network.config.patch_multiple}"
    if wrong:
        raise ConfigError(f"teacher={config.teacher}: {wrong}")
    teacher: Network = network.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return teacher
