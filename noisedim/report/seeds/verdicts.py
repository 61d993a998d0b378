"""Do embeddings of the images that trained pass for the prior, and do classes survive? Decided from one record per seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from noisedim.report.records import EncoderRecord, of_measure
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["CHANCE", "KEPT", "ClassesVerdict", "MatchVerdict", "classes_verdict", "match_verdict"]

# Accuracy by chance with ten classes, and where the paper's axis of accuracies begins.
CHANCE, KEPT = 0.1, 0.95


@dataclass(frozen=True)
class MatchVerdict:
    """How many seeds the tests do not reject.

    Attributes:
        seeds: number of seeds.
        passed: not rejected by the whole battery, family-wise at 5%.
        passed_henze_zirkler: not rejected by that test at 5%.
        p_values: of the battery, family-wise, one per seed.
        p_henze_zirkler: of that test, one per seed.
    """

    seeds: int
    passed: int
    passed_henze_zirkler: int
    p_values: tuple[float, ...]
    p_henze_zirkler: tuple[float, ...]


@dataclass(frozen=True)
class ClassesVerdict:
    """5-NN accuracy.

    Attributes:
        accuracy: mean over seeds.
        worst, best: of the seeds.
    """

    accuracy: Interval
    worst: float
    best: float

    @property
    def outcome(self) -> Literal["yes", "no", "in part"]:
        """Yes if at least :data:`KEPT` is shown, no if more than :data:`CHANCE` is not shown."""
        if self.accuracy.lower >= KEPT:
            return "yes"
        return "no" if self.accuracy.lower <= CHANCE else "in part"


def match_verdict(records: Sequence[EncoderRecord]) -> MatchVerdict:
    """Whether the method reaches the prior at all."""
    p_henze_zirkler = tuple(record.p_henze_zirkler for record in records)
    return MatchVerdict(
        seeds=len(records),
        passed=sum(not record.rejected for record in records),
        passed_henze_zirkler=sum(p > 0.05 for p in p_henze_zirkler),
        p_values=tuple(record.p_value for record in records),
        p_henze_zirkler=p_henze_zirkler,
    )


def classes_verdict(records: Sequence[EncoderRecord]) -> ClassesVerdict | None:
    """Whether classes survive without labels; None if accuracies were not measured."""
    accuracies = of_measure(records, "knn")
    if not accuracies:
        return None
    return ClassesVerdict(student_t(accuracies), min(accuracies), max(accuracies))
