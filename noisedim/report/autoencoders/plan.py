"""Which autoencoders the study rests on, by profile and data set: with the noisy channel, and variational."""

from dataclasses import dataclass, replace

from noisedim.report.protocol import SMOKE_STEPS
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["runs"]

# Noise levels of the autoencoders with the channel.
_LEVELS = (0.1, 0.3, 1.0)


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        steps: optimiser steps.
        seeds: number of seeds.
    """

    steps: int
    seeds: int


PROFILES = {
    "smoke": Profile(SMOKE_STEPS, 2),
    "quick": Profile(1000, 3),
    "paper": Profile(1000, 3),
}


def runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """One run per noise level and seed, then variational ones. Fold 0 of five judges all of them."""
    own = PROFILES[profile]
    base = TrainConfig(
        data=DataConfig(name=data, fold=0, folds=5), augmentation_probability=0.0, steps=own.steps, batch_size=128
    )
    kinds = [
        *(
            replace(base, objective=ObjectiveConfig(name="autoencoder"), noise=NoiseConfig(sigma=sigma))
            for sigma in _LEVELS
        ),
        replace(base, objective=ObjectiveConfig(name="vae")),
    ]
    return tuple(replace(kind, seed=seed) for kind in kinds for seed in range(own.seeds))
