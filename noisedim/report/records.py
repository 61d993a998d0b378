"""What the studies read of encoders' runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.record import RunRecord
from noisedim.runs.store import RunStore
from noisedim.training import TrainConfig

__all__ = ["EncoderRecord", "by_capacity", "encoder_records", "environments", "of_measure", "paired", "run_records"]


@dataclass(frozen=True, kw_only=True)
class EncoderRecord:
    """What the studies read of one complete run of an encoder.

    Attributes:
        seed: of the run.
        measures: by name, those that were taken: ``information`` (lower bound, nats), ``index_*``, ``silhouette``, and
            accuracies (``knn``, ``naive_bayes``, ``mlp``, ``linear``).
        prior, squash, dim, objective, level: from its configuration; ``squash`` for the uniform prior only.
        capacity: of the channel, nats; infinite where no noise bounds the information.
        n: number of images that it is measured on, and ``measured_on`` which: ``held-out`` or ``training``.
        p_value: family-wise p-value of the battery, which rejects at 5% if ``rejected``.
        p_henze_zirkler: p-value of that test by itself; NaN where it was left out.
        d2: Rényi divergence from the prior, nats.
        sliced_w2: sliced Wasserstein distance from the prior, standard deviations.
        train_seconds: time of training.
    """

    seed: int
    measures: Mapping[str, float]
    prior: str
    squash: str | None
    dim: int
    objective: str
    level: float
    capacity: float
    n: int
    measured_on: str
    p_value: float
    rejected: bool
    p_henze_zirkler: float
    d2: float
    sliced_w2: float
    train_seconds: float

    @property
    def objective_words(self) -> str:
        """The objective as sentences say it."""
        return self.objective.replace("-", " ")

    @classmethod
    def from_run(cls, record: RunRecord) -> Self:
        """From the run's own record; numbers of its row without a field are measures."""
        # Rounded: the capacity that was asked for, which the noise level gives up to rounding errors.
        row = record.row() | {"capacity": math.inf if record.capacity is None else round(record.capacity, 6)}
        own = {field.name: row[field.name] for field in fields(cls) if field.name in row}
        measures = {name: value for name, value in row.items() if name not in own and type(value) in (int, float)}
        return cls(**own, measures=measures)


def of_measure(rows: Iterable[EncoderRecord], name: str) -> list[float]:
    """A measure of the seeds that have it."""
    return [row.measures[name] for row in rows if name in row.measures]


def paired(rows: Sequence[EncoderRecord], others: Sequence[EncoderRecord], name: str) -> list[float]:
    """A measure in ``rows`` minus in ``others``, for the seeds that have it in both."""
    theirs = {row.seed: row.measures[name] for row in others if name in row.measures}
    return [row.measures[name] - theirs[row.seed] for row in rows if row.seed in theirs and name in row.measures]


def by_capacity(records: Iterable[EncoderRecord]) -> dict[float, list[EncoderRecord]]:
    """The records of each capacity, the smallest first."""
    groups: dict[float, list[EncoderRecord]] = {}
    for record in sorted(records, key=lambda record: record.capacity):
        groups.setdefault(record.capacity, []).append(record)
    return groups


def run_records(configs: Iterable[AnyConfig], store: RunStore) -> list[RunRecord]:
    """The record of each complete run of an encoder in ``configs``, in their order."""
    runs = (store.find(config) for config in configs if isinstance(config, TrainConfig))
    return [run.read_record() for run in runs if run.is_complete]


def encoder_records(configs: Iterable[AnyConfig], store: RunStore) -> list[EncoderRecord]:
    """What the studies read of those records."""
    return [EncoderRecord.from_run(record) for record in run_records(configs, store)]


def environments(configs: Iterable[AnyConfig], store: RunStore) -> list[dict[str, Any]]:
    """The machines and versions that made the complete runs of ``configs``, with the number of runs each (``runs``)."""
    found: dict[str, dict[str, Any]] = {}
    for config in configs:
        run = store.find(config)
        if run.is_complete:
            environment = run.read_environment()
            entry = found.setdefault(str(sorted(environment.items())), {**environment, "runs": 0})
            entry["runs"] += 1
    return list(found.values())
