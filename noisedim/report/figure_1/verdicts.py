"""Does accuracy in two dimensions fall once the channel's capacity is below that of the classes?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np

from noisedim.runs.studies.long_study import StudyRecord
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["LEAST_CAPACITY", "LEVEL", "Figure1Verdict", "by_capacity", "fall", "figure_1_verdict"]

LEAST_CAPACITY = log(10)
"""What ten balanced classes need, nats: the dotted line of the paper's figure."""
_LEAST_ACCURACY = 0.95
LEVEL = 0.99
"""Of intervals, as in the paper's figure."""


@dataclass(frozen=True)
class Figure1Verdict:
    """What the records decide, in intervals over seeds at :data:`LEVEL`.

    Attributes:
        above, below: capacities compared, nats: the smallest that suffices for ten classes, and the largest that misses by one.
        fall: 5-NN accuracy at ``above`` less that at ``below``, paired by seed.
        best: the capacity with the largest accuracy.
        top: that accuracy.
    """

    above: float
    below: float
    fall: Interval
    best: float
    top: Interval

    @property
    def is_comparable(self) -> bool:
        """Whether accuracies come near the paper's: far below them, the channel is not what limits the embedding."""
        return self.top.upper >= _LEAST_ACCURACY

    @property
    def status(self) -> Literal["supported", "contradicted", "undecided"]:
        """Contradicted only by accuracies that are comparable with the paper's."""
        if self.fall.lower > 0:
            return "supported"
        return "contradicted" if self.fall.upper < 0 and self.is_comparable else "undecided"


def figure_1_verdict(records: Sequence[StudyRecord]) -> Figure1Verdict | None:
    """Compare a capacity that suffices with one that does not; None with fewer than two seeds of both."""
    values = by_capacity(records, "knn")
    capacities = sorted(values)
    above = min((own for own in capacities if own >= LEAST_CAPACITY), default=capacities[-1])
    below = max((own for own in capacities if own < LEAST_CAPACITY - 1), default=capacities[0])
    own = fall(values, at=above, below=below)
    if own is None:
        return None
    best = max(capacities, key=lambda c: float(np.mean(list(values[c].values()))))
    return Figure1Verdict(above, below, own, best, student_t(list(values[best].values()), level=LEVEL))


def by_capacity(records: Sequence[StudyRecord], score: str) -> dict[float, dict[int, float]]:
    """The score by capacity and seed, capacities ascending."""
    found: dict[float, dict[int, float]] = {}
    for record in sorted(records, key=lambda own: float(own.labels["capacity"])):
        found.setdefault(float(record.labels["capacity"]), {})[record.seed] = float(np.mean(record.values[score]))
    return found


def fall(values: Mapping[float, Mapping[int, float]], *, at: float, below: float) -> Interval | None:
    """Score at capacity ``at`` minus score at ``below``, paired by seed; None with fewer than two common seeds."""
    common = sorted(set(values.get(at, {})) & set(values.get(below, {})))
    return (
        student_t([values[at][seed] - values[below][seed] for seed in common], level=LEVEL) if len(common) > 1 else None
    )
