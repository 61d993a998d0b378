"""Match, information and accuracy by capacity, on held-out images. Decided from one record per capacity and seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.report.records import EncoderRecord, of_measure, paired
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "AccuracyVerdict",
    "BoundVerdict",
    "MatchVerdict",
    "accuracy_verdict",
    "bound_verdict",
    "match_verdict",
]

Groups = Mapping[float, Sequence[EncoderRecord]]


@dataclass(frozen=True)
class MatchVerdict:
    """Seeds that the battery does not reject.

    Attributes:
        passed: by capacity in nats, and ``seeds`` of how many.
        fewest, most: number of images that judge a seed; folds differ by one.
    """

    passed: Mapping[float, int]
    seeds: Mapping[float, int]
    fewest: int
    most: int

    @property
    def passing(self) -> tuple[float, ...]:
        """The capacities at which more than half of the seeds are not rejected."""
        return tuple(c for c in self.passed if 2 * self.passed[c] > self.seeds[c])

    @property
    def status(self) -> Literal["supported", "only when", "contradicted"]:
        """Of “most seeds are not rejected”: at every capacity, at some, or at none."""
        if len(self.passing) == len(self.passed):
            return "supported"
        return "only when" if self.passing else "contradicted"


@dataclass(frozen=True)
class BoundVerdict:
    """The measured lower bound on the information.

    Attributes:
        means: over seeds, by capacity, nats.
        above: capacities for which the bound is shown to exceed the capacity, which Theorem 3.4 rules out.
    """

    means: Mapping[float, float]
    above: tuple[float, ...]


@dataclass(frozen=True)
class AccuracyVerdict:
    """5-NN accuracy at the largest capacity minus at the smallest, paired by seed.

    Attributes:
        low, high: both capacities, nats.
        difference: mean over seeds.
        means: accuracy by capacity.
    """

    low: float
    high: float
    difference: Interval
    means: Mapping[float, float]

    @property
    def outcome(self) -> Literal["yes", "no", "not decided"]:
        """Whether a small capacity costs accuracy."""
        if self.difference.lower > 0:
            return "yes"
        return "no" if self.difference.upper < 0 else "not decided"


def match_verdict(groups: Groups) -> MatchVerdict:
    """How many seeds of each capacity pass for N(0, I)."""
    images = [record.n for group in groups.values() for record in group]
    return MatchVerdict(
        passed={c: sum(not record.rejected for record in group) for c, group in groups.items()},
        seeds={c: len(group) for c, group in groups.items()},
        fewest=min(images),
        most=max(images),
    )


def bound_verdict(groups: Groups) -> BoundVerdict | None:
    """Whether the bound stays below the capacity; None where it was not measured."""
    informed = {c: values for c, group in groups.items() if (values := of_measure(group, "information"))}
    if not informed:
        return None
    above = tuple(c for c, values in informed.items() if student_t(values).lower > c)
    return BoundVerdict({c: float(np.mean(values)) for c, values in informed.items()}, above)


def accuracy_verdict(groups: Groups) -> AccuracyVerdict | None:
    """What a small capacity costs downstream; None without labels."""
    low, high = min(groups), max(groups)
    differences = paired(groups[high], groups[low], "knn")
    if not differences:
        return None
    means = {c: float(np.mean(of_measure(group, "knn"))) for c, group in groups.items()}
    return AccuracyVerdict(low, high, student_t(differences), means)
