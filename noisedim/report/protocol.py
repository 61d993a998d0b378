"""The protocol that the report's own encoders share, by profile and data set. Studies vary it."""

from dataclasses import replace

from noisedim.runs.studies.protocols import appendix_c
from noisedim.training import DataConfig, TrainConfig

__all__ = ["DATA_NAMES", "MNIST_IMAGES", "PROFILE_NAMES", "SMOKE_STEPS", "protocol"]

PROFILE_NAMES = ("smoke", "quick", "paper")
DATA_NAMES = ("digits", "mnist", "fashion-mnist")
# Enough to see that everything works.
SMOKE_STEPS = 100
_DIGITS = 1797
MNIST_IMAGES = 60_000
"""Training images of MNIST."""


def protocol(profile: str, data: str) -> TrainConfig:
    """The run that the studies of this profile vary: all images of ``data`` train, seed 0."""
    images = DataConfig(name=data)
    if profile == "paper":
        return appendix_c(images, images=_DIGITS if data == "digits" else MNIST_IMAGES)
    config = TrainConfig(data=images)
    return replace(config, steps=SMOKE_STEPS) if profile == "smoke" else config
