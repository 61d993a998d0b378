"""Runs of Figure 2: one embedding for each picture."""

from dataclasses import replace

from noisedim.report.protocol import protocol
from noisedim.runs.studies.protocols import APPENDIX_C_OBJECTIVE
from noisedim.training import NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["runs"]

# The objective by profile, except at σ = 0.3, which is the closed-form dual in each of them.
PROFILES = {"smoke": ObjectiveConfig(), "quick": ObjectiveConfig(), "paper": APPENDIX_C_OBJECTIVE}


def runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """N(0, I) at σ = 0.1 and 0.3, and the uniform prior at ε = 0.05."""
    base = protocol(profile, data)
    own = replace(base, objective=PROFILES[profile])
    return (
        replace(own, noise=NoiseConfig(sigma=0.1)),
        replace(base, noise=NoiseConfig(sigma=0.3)),
        replace(own, prior="uniform", noise=NoiseConfig(epsilon=0.05)),
    )
