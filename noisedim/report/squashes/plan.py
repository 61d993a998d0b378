"""Runs for the uniform prior: each map into [0, 1]^d at two noise levels."""

from dataclasses import dataclass, replace

from noisedim.priors import SQUASH_NAMES
from noisedim.report.protocol import SMOKE_STEPS, protocol
from noisedim.training import NoiseConfig, TrainConfig

__all__ = ["runs"]


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        seeds: number of seeds.
        steps: optimiser steps.
    """

    seeds: int
    steps: int


# The paper trains one map only.
PROFILES = {"smoke": Profile(1, SMOKE_STEPS), "quick": Profile(3, 1000), "paper": None}


def runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """One run per noise level, map and seed."""
    own = PROFILES[profile]
    if own is None:
        return ()
    base = replace(protocol(profile, data), prior="uniform", steps=own.steps)
    return tuple(
        replace(base, squash=squash, noise=NoiseConfig(epsilon=epsilon), seed=seed)  # type: ignore[arg-type]
        for epsilon in (0.05, 0.1)
        for squash in SQUASH_NAMES
        for seed in range(own.seeds)
    )
