"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

from derain.training.config import OptimizerConfig


def learning_rate(step: int, steps: int, config: OptimizerConfig) -> float:
    """Linear warm-up, then the share of the rate that the configured schedule gives."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    return config.rate * SCHEDULES[config.schedule](step, steps, config)


def cosine(step: int, steps: int, config: OptimizerConfig) -> float:
    """From 1 after the warm-up down to ``final_share`` at the last step (OURS)."""
    progress = (step - config.warmup) / max(1, steps - 1 - config.warmup)
    wave = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return config.final_share + (1 - config.final_share) * wave


def drops(step: int, steps: int, config: OptimizerConfig) -> float:
    """A fifth of what it was at 30, 50 and 80 of 150 epochs, as shares of the run (CODE)."""
    passed = sum(step >= share * steps for share in (30 / 150, 50 / 150, 80 / 150))
    return float(0.2**passed)


def constant(step: int, steps: int, config: OptimizerConfig) -> float:
    """The full rate to the end: for a run whose length is not known beforehand (OURS)."""
    return 1.0


SCHEDULES: dict[str, Callable[[int, int, OptimizerConfig], float]] = {
    "cosine": cosine,
    "drops": drops,
    "constant": constant,
}
