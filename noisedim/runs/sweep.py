"""Makes many runs at once: a list of configurations to run folders, through joblib."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from noisedim.checks import positive_integer
from noisedim.errors import NoisedimError
from noisedim.runs.make import make_run
from noisedim.runs.store import RunFolder, RunStore
from noisedim.training import TrainConfig

__all__ = ["SweepOutcome", "available_cores", "make_runs"]


@dataclass(frozen=True)
class SweepOutcome:
    """One configuration of a sweep and what came of it: a folder, or the error that ended it."""

    config: TrainConfig
    folder: RunFolder | None
    error: str | None


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one(config: TrainConfig, root: Path, data_root: str | None, device: str) -> tuple[str, str | None]:
    try:
        make_run(config, RunStore(root), data_root=data_root, device=device)
    except NoisedimError as error:
        # A run that fails is part of the result: the others go on, and the report names it.
        return config.digest(), f"{type(error).__name__}: {error}"
    return config.digest(), None


def make_runs(
    configs: Sequence[TrainConfig],
    store: RunStore,
    *,
    data_root: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    on_finished: Callable[[SweepOutcome], None] | None = None,
) -> list[SweepOutcome]:
    """Make what is missing of ``configs``, several at a time, and return one outcome a configuration, in order.

    Args:
        configs: the runs; equal ones are made once.
        store: where they are kept.
        data_root: folder of the data sets.
        device: ``auto``, ``cpu`` or ``cuda``.
        jobs: processes at a time, one thread each; the number of cores if omitted.
        on_finished: called as each run ends, in this process.
    """
    from joblib import Parallel, delayed, parallel_config

    jobs = available_cores() if jobs is None else positive_integer("jobs", jobs)
    unique = {config.digest(): config for config in configs}
    outcomes: dict[str, SweepOutcome] = {}

    def finished(digest: str, error: str | None) -> None:
        config = unique[digest]
        outcomes[digest] = SweepOutcome(config, None if error else store.open(config), error)
        if on_finished is not None:
            on_finished(outcomes[digest])

    missing = []
    for digest, config in unique.items():
        if store.open(config).is_complete:
            finished(digest, None)
        else:
            missing.append(config)
    # Many small models train faster as one thread each than one after the other on all cores.
    if missing:
        with parallel_config(backend="loky", inner_max_num_threads=max(1, available_cores() // jobs)):
            work = (delayed(_one)(config, store.root, data_root, device) for config in missing)
            for digest, error in Parallel(n_jobs=min(jobs, len(missing)), return_as="generator_unordered")(work):
                finished(digest, error)
    return [outcomes[config.digest()] for config in configs]
