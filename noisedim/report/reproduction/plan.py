"""Figure 1 on the profiles of ``pytest benchmarks``: which runs it takes, and what is stored of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from noisedim.runs.comparison import configure, with_capacity
from noisedim.runs.store import RunStore
from noisedim.runs.sweep import SweepOutcome, make_runs
from noisedim.training import TrainConfig

__all__ = ["OBJECTIVES", "figure_1_entry", "make_figure_1"]

OBJECTIVES = ("infonce", "dual")


def make_figure_1(
    base: TrainConfig, capacities: Sequence[float], store: RunStore, *, seeds: int, **options: Any
) -> dict[tuple[str, float], list[SweepOutcome]]:
    """Outcomes by objective and capacity, one per seed; seed s leaves fold s out.

    Args:
        base: what all runs have in common.
        capacities: of the channel, nats.
        store: where runs are kept.
        seeds: number of seeds.
        options: for :func:`~noisedim.runs.sweep.make_runs`.
    """
    configs = {
        (name, capacity): [
            replace(with_capacity(configure(name, base), capacity), seed=seed, data=replace(base.data, fold=seed))
            for seed in range(seeds)
        ]
        for name in OBJECTIVES
        for capacity in capacities
    }
    made = iter(make_runs([config for group in configs.values() for config in group], store, **options))
    return {key: [next(made) for _ in group] for key, group in configs.items()}


def figure_1_entry(
    objective: str,
    capacity: float,
    outcomes: Sequence[SweepOutcome],
    base: TrainConfig,
    *,
    protocol: str,
    as_paper: bool,
) -> dict[str, Any]:
    """The ``extra_info`` of one objective at one capacity."""
    return {
        "question": "figure 1",
        "objective": objective,
        "capacity": capacity,
        "data": base.data.name,
        "dim": base.dim,
        "steps": base.steps,
        "batch_size": base.batch_size,
        "protocol": protocol,
        "as_paper": as_paper,
        "config": outcomes[0].config.digest(),
        "records": [own.folder.read_record().row() for own in outcomes if own.folder is not None],
        "failed": [{"seed": own.config.seed, "error": own.error} for own in outcomes if own.folder is None],
    }
