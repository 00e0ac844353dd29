"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math

from derain.training.config import OptimizerConfig


def learning_rate(step: int, steps: int, config: OptimizerConfig) -> float:
    """Linear warm-up, then a cosine down to ``final_share`` of the rate at the last step."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, steps - 1 - config.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return config.rate * (config.final_share + (1 - config.final_share) * cosine)
