"""Training: one configuration, one loop."""

from noisedim.training.config import (
    DataConfig,
    NoiseConfig,
    ObjectiveConfig,
    OptimiserConfig,
    TrainConfig,
)
from noisedim.training.distributed.ranks import Ranks, launch
from noisedim.training.execution import Execution
from noisedim.training.loop import train
from noisedim.training.model import EmbeddingModel, embed

__all__ = [
    "DataConfig",
    "EmbeddingModel",
    "Execution",
    "NoiseConfig",
    "ObjectiveConfig",
    "OptimiserConfig",
    "Ranks",
    "TrainConfig",
    "embed",
    "launch",
    "train",
]
