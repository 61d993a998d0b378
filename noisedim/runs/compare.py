"""Makes a comparison: tunes every method by the one rule, then trains it with the same seeds; failures are kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from noisedim.downstream import linear_cka, procrustes_similarity
from noisedim.runs.comparison import FACTORS, candidates, choose
from noisedim.runs.record import RunRecord
from noisedim.runs.store import RunStore
from noisedim.runs.sweep import SweepOutcome, make_runs
from noisedim.training import TrainConfig

__all__ = ["TUNING_SEED", "MethodOutcome", "make_comparison", "make_seeds", "records", "stability"]

# Tuning's seed: none that a comparison trains with.
TUNING_SEED = 1000


@dataclass(frozen=True)
class MethodOutcome:
    """What became of one method.

    Attributes:
        name: key of :data:`~noisedim.runs.comparison.CONTENDERS`.
        tuning: one dictionary a candidate: factor, and accuracy and D₂ on validation images or the error.
        chosen: the configuration that tuning took, without its seed's meaning; None if every candidate failed.
        runs: one outcome a seed.
    """

    name: str
    tuning: list[dict[str, Any]]
    chosen: TrainConfig | None
    runs: list[SweepOutcome] = field(default_factory=list)


def make_comparison(
    names: Sequence[str], base: TrainConfig, store: RunStore, *, seeds: Iterable[int], **options: Any
) -> dict[str, MethodOutcome]:
    """Tune and train ``names``; all else is as in ``base``. What is in the store is read.

    Args:
        names: keys of :data:`~noisedim.runs.comparison.CONTENDERS`.
        base: data, encoder, steps, batch: what is equal for all. Its fold judges.
        store: where runs are kept.
        seeds: of the runs that are compared.
        options: for :func:`~noisedim.runs.sweep.make_runs`.
    """
    grids = {name: candidates(name, base, seed=TUNING_SEED) for name in names}
    tried = iter(make_runs([config for grid in grids.values() for config in grid], store, **options))
    outcomes = {}
    for name, grid in grids.items():
        found = [
            (outcome, None if outcome.folder is None else outcome.folder.read_record())
            for outcome in _take(tried, len(grid))
        ]
        position = choose([record for _, record in found])
        tuning = [_tuning_record(*pair, factor) for pair, factor in zip(found, FACTORS, strict=True)]
        chosen = None if position is None else replace(grid[position], data=base.data, seed=base.seed)
        outcomes[name] = MethodOutcome(name, tuning, chosen)
    return make_seeds(outcomes, store, seeds=seeds, **options)


def make_seeds(
    outcomes: Mapping[str, MethodOutcome],
    store: RunStore,
    *,
    seeds: Iterable[int],
    steps: Callable[[str], int] | None = None,
    **options: Any,
) -> dict[str, MethodOutcome]:
    """The same methods as they were tuned, with ``seeds``; ``steps`` gives another number of steps to each.

    A method of which every candidate failed has no runs.
    """
    seeds = list(seeds)
    alive = {name: outcome.chosen for name, outcome in outcomes.items() if outcome.chosen is not None}
    if steps is not None:
        alive = {name: replace(config, steps=steps(name)) for name, config in alive.items()}
    configs = [replace(config, seed=seed) for config in alive.values() for seed in seeds]
    made = iter(make_runs(configs, store, **options))
    runs = {name: _take(made, len(seeds)) for name in alive}
    return {name: replace(outcome, runs=runs.get(name, [])) for name, outcome in outcomes.items()}


def _take(items: Any, count: int) -> list[SweepOutcome]:
    return [next(items) for _ in range(count)]


def _tuning_record(outcome: SweepOutcome, record: RunRecord | None, factor: float) -> dict[str, Any]:
    if record is None:
        return {"factor": factor, "error": outcome.error}
    return {
        "factor": factor,
        "knn": record.scores["knn"],
        "d2": record.assessment.effects["d2"].estimate,
        "n": record.n,
    }


def records(outcome: MethodOutcome) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the runs that are complete, and seed and error of those that failed; none is dropped."""
    complete = [run.folder.read_record().row() for run in outcome.runs if run.folder is not None]
    failed: list[dict[str, Any]] = [
        {"seed": run.config.seed, "error": run.error} for run in outcome.runs if run.folder is None
    ]
    if outcome.chosen is None:
        failed += [{"seed": TUNING_SEED, "error": entry["error"]} for entry in outcome.tuning]
    return complete, failed


def stability(outcome: MethodOutcome) -> dict[str, float] | None:
    """Mean similarity of the held-out embeddings over pairs of seeds; None with fewer than two seeds.

    A method stable over seeds gives nearly the same embedding, up to rotation, whatever the seed.
    """
    embeddings = []
    for run in outcome.runs:
        if run.folder is not None:
            arrays = run.folder.read_embeddings()
            embeddings.append(arrays["z"][~arrays["trained_on"]])
    pairs = [(a, b) for i, a in enumerate(embeddings) for b in embeddings[:i]]
    if not pairs:
        return None
    return {
        "procrustes": float(np.mean([procrustes_similarity(a, b) for a, b in pairs])),
        "cka": float(np.mean([linear_cka(a, b) for a, b in pairs])),
        "pairs": len(pairs),
    }
