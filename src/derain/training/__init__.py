"""Training: configuration, losses, the supervised run, checkpoints."""

from derain.training.config import TrainConfig, load_config
from derain.training.trainer import Trainer

__all__ = ["TrainConfig", "Trainer", "load_config"]
