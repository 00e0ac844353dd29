"""Reasons to change the weights; a run's loss is the sum of those its configuration asks for."""

from __future__ import annotations

import torch

from derain.training.config import TrainConfig
from derain.training.objectives.base import Batch, Objective, Terms
from derain.training.objectives.distillation import Distillation
from derain.training.objectives.semi import SemiSupervision
from derain.training.objectives.supervised import Supervised

__all__ = [
    "Batch",
    "Distillation",
    "Objective",
    "SemiSupervision",
    "Supervised",
    "Terms",
    "objectives_of",
]


def objectives_of(config: TrainConfig, device: torch.device, rank: int) -> dict[str, Objective]:
    """The objectives of a run, by name; the first sees no pictures but the batch.

    Raises:
        ConfigError, DatasetError: What one needs is missing or does not fit.
    """
    objectives: dict[str, Objective] = {"supervised": Supervised(config.loss)}
    if config.teacher and config.loss.teacher:
        objectives["distillation"] = Distillation(config, device)
    if config.real:
        objectives["semi"] = SemiSupervision(config, device, rank)
    return objectives
