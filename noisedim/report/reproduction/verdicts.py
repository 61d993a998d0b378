"""Figure 1 and Figure 2 of the paper: reproduced or not? Each observation is decided by an interval over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.report.records import EncoderRecord, of_measure, paired
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "INDICES",
    "LOG_CLASSES",
    "AccuracyVerdict",
    "FallVerdict",
    "IndexVerdict",
    "InformationVerdict",
    "accuracy_verdict",
    "fall_verdict",
    "index_verdicts",
    "information_verdict",
]

LOG_CLASSES = float(np.log(10))
"""What ten balanced classes need, nats."""
# What the paper's Figure 1 shows: its axis of accuracies begins at 0.95.
PLOTTED_ACCURACY = 0.95
INDICES = ("index_dagostino", "index_shapiro", "index_henze_zirkler")
# The bound follows the capacity where it is within this share of it.
_FOLLOWS = 0.25
# By how much of the capacity the bound may seem to exceed it, by chance.
_ABOVE = 0.05

Groups = Mapping[float, Sequence[EncoderRecord]]
Outcome = Literal["reproduced", "in part", "not reproduced", "not decided", "not comparable"]


@dataclass(frozen=True)
class IndexVerdict:
    """Whether an index of normality rises as the capacity falls.

    Attributes:
        index: its name in :data:`INDICES`.
        low, middle, high: capacities, nats: the smallest, the largest below log 10, and the largest.
        gain: the index at ``middle`` minus at ``high``, paired by seed.
        further: at ``low`` minus at ``middle``; None where they are the same.
        means: by capacity.
    """

    index: str
    low: float
    middle: float
    high: float
    gain: Interval
    further: Interval | None
    means: Mapping[float, float]

    @property
    def is_lost_again(self) -> bool:
        """Whether the index falls again below ``middle``."""
        return self.further is not None and self.further.upper < 0

    @property
    def outcome(self) -> Outcome:
        """Reproduced in part if the index rises and is lost again."""
        answer = _by_sign(self.gain)
        return "in part" if answer == "reproduced" and self.is_lost_again else answer


@dataclass(frozen=True)
class InformationVerdict:
    """Whether the lower bound on the information follows the capacity, then leaves it.

    Attributes:
        means: of the bound, by capacity, nats.
        gaps: the capacity minus the bound, by capacity.
    """

    means: Mapping[float, float]
    gaps: Mapping[float, Interval]

    @property
    def last(self) -> float:
        """The largest capacity."""
        return max(self.gaps)

    @property
    def _small(self) -> list[float]:
        """Capacities up to log 10."""
        return [c for c in self.gaps if c <= LOG_CLASSES] or [min(self.gaps)]

    @property
    def follows(self) -> tuple[float, ...]:
        """Capacities up to log 10 at which the bound is shown to be within a quarter of the capacity."""
        return tuple(c for c in self._small if self.gaps[c].upper < _FOLLOWS * c)

    @property
    def outcome(self) -> Outcome:
        """Reproduced if the bound follows at some small capacity, leaves at the largest one, and is never above."""
        gaps, last = self.gaps, self.last
        if (
            any(gap.upper < 0 for gap in gaps.values())
            or all(gaps[c].lower > _FOLLOWS * c for c in self._small)
            or gaps[last].upper < _FOLLOWS * last
        ):
            return "not reproduced"
        is_below = all(gap.lower > -_ABOVE * c for c, gap in gaps.items())
        return "reproduced" if is_below and self.follows and gaps[last].lower > _FOLLOWS * last else "not decided"


@dataclass(frozen=True)
class FallVerdict:
    """Whether downstream scores fall below log 10 nats.

    Attributes:
        low, high: the smallest capacity, and the smallest one from log 10 on, nats.
        fall: 5-NN accuracy at ``high`` minus at ``low``, paired by seed.
        means: by capacity.
    """

    low: float
    high: float
    fall: Interval
    means: Mapping[float, float]

    @property
    def outcome(self) -> Outcome:
        """By the sign of the fall."""
        return _by_sign(self.fall)


@dataclass(frozen=True)
class AccuracyVerdict:
    """Whether two-dimensional embeddings reach the paper's accuracy.

    Attributes:
        capacity: the best one, nats.
        accuracy: 5-NN, held-out images.
        as_paper: whether data and length of training are the paper's; accuracies of others are not comparable.
    """

    capacity: float
    accuracy: Interval
    as_paper: bool

    @property
    def outcome(self) -> Outcome:
        """By the lower end of what the paper plots."""
        if not self.as_paper:
            return "not comparable"
        if self.accuracy.lower >= PLOTTED_ACCURACY:
            return "reproduced"
        return "not reproduced" if self.accuracy.upper < PLOTTED_ACCURACY else "not decided"


def _by_sign(interval: Interval) -> Outcome:
    if interval.n < 2:
        return "not comparable"
    if interval.lower > 0:
        return "reproduced"
    return "not reproduced" if interval.upper < 0 else "not decided"


def _means(groups: Groups, name: str) -> dict[float, float]:
    return {c: float(np.mean(values)) for c in groups if (values := of_measure(groups[c], name))}


def index_verdicts(groups: Groups) -> list[IndexVerdict]:
    """One verdict per index that was measured.

    The middle capacity was fixed before any result was seen: it stands for strong noise that still tells classes apart.
    """
    low, high = min(groups), max(groups)
    middle = max((c for c in groups if c < LOG_CLASSES), default=low)
    found = []
    for index in INDICES:
        gains, further = paired(groups[middle], groups[high], index), paired(groups[low], groups[middle], index)
        if gains:
            rest = student_t(further) if middle != low and further else None
            found.append(IndexVerdict(index, low, middle, high, student_t(gains), rest, _means(groups, index)))
    return found


def information_verdict(groups: Groups) -> InformationVerdict | None:
    """From the capacities with two or more seeds; None with fewer than two of those."""
    bounds = {c: values for c in sorted(groups) if len(values := of_measure(groups[c], "information")) > 1}
    if len(bounds) < 2:
        return None
    means = {c: float(np.mean(values)) for c, values in bounds.items()}
    return InformationVerdict(means, {c: student_t([c - value for value in values]) for c, values in bounds.items()})


def fall_verdict(groups: Groups) -> FallVerdict | None:
    """None without capacities on both sides of log 10."""
    under, over = [c for c in groups if c < LOG_CLASSES], [c for c in groups if c >= LOG_CLASSES]
    if not under or not over:
        return None
    low, high = min(under), min(over)
    falls = paired(groups[high], groups[low], "knn")
    return FallVerdict(low, high, student_t(falls), _means(groups, "knn")) if falls else None


def accuracy_verdict(groups: Groups, *, as_paper: bool) -> AccuracyVerdict | None:
    """At the best capacity from log 10 on; None where accuracy was not measured."""
    means = _means(groups, "knn")
    over = [c for c in means if c >= LOG_CLASSES] or list(means)
    if not over:
        return None
    best = max(over, key=lambda c: means[c])
    return AccuracyVerdict(best, student_t(of_measure(groups[best], "knn")), as_paper)
