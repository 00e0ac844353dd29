"""Training: configuration, losses, supervised and semi-supervised runs, checkpoints."""

from derain.training.config import TrainConfig, load_config
from derain.training.repair import repaired
from derain.training.trainer import Trainer

__all__ = ["TrainConfig", "Trainer", "load_config", "repaired"]
