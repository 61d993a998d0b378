"""What the measures of disentanglement say of one run, and of all seeds of one embedding: as benchmarks' JSON holds them."""

from dataclasses import dataclass
from typing import Literal

from noisedim.report.benchmarks import FailedRun

__all__ = ["REFERENCES", "FactorRecord", "FactorVariant", "Measure"]

REFERENCES = ("perfect", "rotated")
"""The factors themselves, and their random rotation: not embeddings, but what the measures can say."""

Measure = Literal["mig", "mig_rotated", "disentanglement", "completeness", "informativeness"]


@dataclass(frozen=True, kw_only=True)
class FactorRecord:
    """One seed, judged on held-out images.

    Attributes:
        seed: of the run.
        n: images that judge.
        mig: mutual information gap; ``mig_by_factor`` by factor, ``mig_at_independence`` what counting alone gives,
            ``mig_rotated`` its mean over random rotations (None where nothing is rotated).
        best_information: of any coordinate on each factor, nats.
        disentanglement, completeness, informativeness: DCI.
        accuracies: with which each factor is told from the embedding.
        run: the run's folder; None without an encoder.
        converged: whether ICA did; None where nothing iterates.
    """

    seed: int
    n: int
    mig: float
    mig_at_independence: float
    disentanglement: float
    completeness: float
    informativeness: float
    accuracies: list[float]
    mig_by_factor: list[float] | None = None
    best_information: list[float] | None = None
    mig_rotated: float | None = None
    run: str | None = None
    converged: bool | None = None


@dataclass(frozen=True, kw_only=True)
class FactorVariant:
    """All seeds of one embedding.

    Attributes:
        variant: key of :data:`~noisedim.report.factors.plan.FACTOR_METHODS`, ``pixels`` or one of :data:`REFERENCES`.
        words: its name in tables.
        dim: embedding dimension.
        records: one per seed.
        failed: runs that ended in an error.
        factors: names of the data's factors; empty without an encoder.
        steps, batch_size: of the encoder; None without one.
    """

    variant: str
    words: str
    dim: int
    records: tuple[FactorRecord, ...]
    failed: tuple[FailedRun, ...] = ()
    factors: tuple[str, ...] = ()
    steps: int | None = None
    batch_size: int | None = None

    @property
    def is_repeated(self) -> bool:
        """Whether it has two seeds or more, to be compared with others."""
        return len(self.records) > 1

    def values(self, measure: Measure) -> dict[int, float]:
        """A measure by seed, for the seeds that have it."""
        found = {record.seed: getattr(record, measure) for record in self.records}
        return {seed: value for seed, value in found.items() if value is not None}
