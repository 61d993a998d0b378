"""Optimiser and learning-rate schedule."""

import math
from collections.abc import Iterable

import torch

from noisedim.training.config import OptimiserConfig

__all__ = ["learning_rate", "make_optimizer"]


def make_optimizer(config: OptimiserConfig, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Adam as ``config`` says; the fused implementation updates all parameters in one pass."""
    return torch.optim.Adam(parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)


def learning_rate(config: OptimiserConfig, step: int, steps: int) -> float:
    """The learning rate of step ``step`` (from 0) of ``steps``: linear warm-up, then cosine decay to zero."""
    rate = config.learning_rate
    if config.warmup:
        rate *= min(1.0, (step + 1) / config.warmup)
    if config.cosine:
        rate *= 0.5 * (1 + math.cos(math.pi * step / steps))
    return rate
