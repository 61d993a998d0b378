"""Training: one configuration, one loop."""

from noisedim.training.config import (
    DataConfig,
    NoiseConfig,
    ObjectiveConfig,
    OptimiserConfig,
    TrainConfig,
)
from noisedim.training.loop import train
from noisedim.training.model import EmbeddingModel, embed

__all__ = [
    "DataConfig",
    "EmbeddingModel",
    "NoiseConfig",
    "ObjectiveConfig",
    "OptimiserConfig",
    "TrainConfig",
    "embed",
    "train",
]
