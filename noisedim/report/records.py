"""What the report reads of an encoder's run: the one place where a result becomes a typed record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from noisedim.runs.make_generator import AnyConfig
from noisedim.runs.store import RunFolder, RunStore
from noisedim.training import TrainConfig

__all__ = ["EncoderRecord", "SeedMeasures", "encoder_records", "environments", "of_measure", "paired"]


@dataclass(frozen=True, kw_only=True)
class SeedMeasures:
    """What one seed measured.

    Attributes:
        seed: of the run.
        measures: by name, those that were taken: ``information`` (lower bound, nats), ``index_*``, ``silhouette``, and
            accuracies (``knn``, ``naive_bayes``, ``mlp``, ``linear``).
    """

    seed: int
    measures: Mapping[str, float]

    @classmethod
    def from_benchmark(cls, record: Mapping[str, Any]) -> Self:
        """From one record of a benchmark's file, whose numbers are all measures."""
        kept = {name: value for name, value in record.items() if isinstance(value, int | float) and name != "seed"}
        numbers = {name: value for name, value in kept.items() if not isinstance(value, bool)}
        return cls(seed=record["seed"], measures=numbers)


@dataclass(frozen=True, kw_only=True)
class EncoderRecord(SeedMeasures):
    """One complete run of an encoder.

    Attributes:
        run: name of its folder.
        prior, squash, dim, objective, level: from its configuration; ``squash`` for the uniform prior only.
        capacity: of the channel, nats.
        n: images that it is measured on, and ``measured_on`` which: ``held-out`` or ``training``.
        ceiling: largest value that the bound on the information can take, nats; None without one.
        p_value: family-wise p-value of the battery, which rejects at 5% if ``rejected``.
        p_henze_zirkler: p-value of that test by itself; NaN where it was left out.
        d2: Rényi divergence from the prior, nats.
        sliced_w2: sliced Wasserstein distance from the prior, standard deviations.
        train_seconds: time of training.
    """

    run: str
    prior: str
    squash: str | None
    dim: int
    objective: str
    level: float
    capacity: float
    n: int
    measured_on: str
    ceiling: float | None
    p_value: float
    rejected: bool
    p_henze_zirkler: float
    d2: float
    sliced_w2: float
    train_seconds: float

    @classmethod
    def from_run(cls, config: TrainConfig, folder: RunFolder) -> Self:
        """From a complete run."""
        result = folder.read_result()
        assessment, information = result["assessment"], result["information"] or {"bound": None, "ceiling": None}
        measures = {"information": information["bound"], "silhouette": result.get("silhouette")}
        measures |= result.get("scores", {})
        measures |= {f"index_{name}": index["estimate"] for name, index in assessment["index"].items()}
        return cls(
            run=folder.path.name,
            seed=config.seed,
            measures={name: value for name, value in measures.items() if value is not None},
            prior=config.prior,
            squash=config.squash if config.prior == "uniform" else None,
            dim=config.dim,
            objective=config.objective.name,
            level=result["level"],
            # The capacity that was asked for, without the rounding errors of the noise level.
            capacity=round(result["capacity"], 6),
            n=result["n"],
            measured_on=result["measured_on"],
            ceiling=information["ceiling"],
            p_value=assessment["p_value"],
            rejected=assessment["rejected"],
            p_henze_zirkler=assessment["tests"].get("henze_zirkler", {"p_value": float("nan")})["p_value"],
            d2=assessment["effects"]["d2"]["estimate"],
            sliced_w2=assessment["effects"]["sliced_w2"]["estimate"],
            train_seconds=result["train_seconds"],
        )

    def row(self) -> dict[str, Any]:
        """All of it in one flat row, as report.json holds it."""
        row = asdict(self)
        return row | row.pop("measures")


def of_measure(rows: Iterable[SeedMeasures], name: str) -> list[float]:
    """A measure of the seeds that have it."""
    return [row.measures[name] for row in rows if name in row.measures]


def paired(rows: Sequence[SeedMeasures], others: Sequence[SeedMeasures], name: str) -> list[float]:
    """A measure in ``rows`` minus in ``others``, for the seeds that have it in both."""
    theirs = {row.seed: row.measures[name] for row in others if name in row.measures}
    return [row.measures[name] - theirs[row.seed] for row in rows if row.seed in theirs and name in row.measures]


def encoder_records(configs: Iterable[AnyConfig], store: RunStore) -> list[EncoderRecord]:
    """One record per complete run of an encoder in ``configs``, in their order."""
    folders = ((config, store.open(config)) for config in configs if isinstance(config, TrainConfig))
    return [EncoderRecord.from_run(config, folder) for config, folder in folders if folder.is_complete]


def environments(configs: Iterable[AnyConfig], store: RunStore) -> list[dict[str, Any]]:
    """The machines and versions that made the complete runs of ``configs``, with the number of runs each (``runs``)."""
    found: dict[str, dict[str, Any]] = {}
    for config in configs:
        folder = store.open(config)
        if folder.is_complete:
            environment = folder.read_environment()
            entry = found.setdefault(str(sorted(environment.items())), {**environment, "runs": 0})
            entry["runs"] += 1
    return list(found.values())
