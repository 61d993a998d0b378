"""Runs of the headline: σ = 0.3, two dimensions, all images train."""

from dataclasses import replace

from noisedim.report.protocol import protocol
from noisedim.training import NoiseConfig, TrainConfig

__all__ = ["runs"]

# Number of seeds by profile.
PROFILES = {"smoke": 2, "quick": 5, "paper": 5}


def runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """One run per seed."""
    base = replace(protocol(profile, data), noise=NoiseConfig(sigma=0.3))
    return tuple(replace(base, seed=seed) for seed in range(PROFILES[profile]))
