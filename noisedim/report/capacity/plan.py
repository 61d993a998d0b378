"""Runs of Figure 1: one per capacity and seed; seed s leaves out fold s, and everything is measured on that fold."""

from dataclasses import dataclass, replace

from noisedim.report.protocol import SMOKE_STEPS, protocol
from noisedim.runs.studies.protocols import APPENDIX_C_OBJECTIVE, FIGURE_1_CAPACITIES
from noisedim.training import DataConfig, NoiseConfig, ObjectiveConfig, TrainConfig

__all__ = ["runs"]


@dataclass(frozen=True)
class Profile:
    """How much is trained.

    Attributes:
        capacities: in nats.
        seeds: number of seeds.
        steps: optimiser steps; those of the shared protocol if None.
        objective: what is maximised.
    """

    capacities: tuple[float, ...]
    seeds: int
    steps: int | None
    objective: ObjectiveConfig


PROFILES = {
    "smoke": Profile((1.0, 3.0), 2, SMOKE_STEPS, ObjectiveConfig()),
    "quick": Profile((0.5, 1.0, 2.0, 3.0, 4.6, 7.0), 5, 2000, ObjectiveConfig()),
    "paper": Profile(FIGURE_1_CAPACITIES, 5, None, APPENDIX_C_OBJECTIVE),
}


def runs(profile: str, data: str) -> tuple[TrainConfig, ...]:
    """One run per capacity and seed."""
    own, base = PROFILES[profile], protocol(profile, data)
    base = replace(base, objective=own.objective, steps=own.steps or base.steps)
    return tuple(
        replace(base, data=DataConfig(name=data, fold=seed), noise=NoiseConfig(capacity=capacity), seed=seed)
        for capacity in own.capacities
        for seed in range(own.seeds)
    )
