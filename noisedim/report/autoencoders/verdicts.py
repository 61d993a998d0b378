"""Is Section 4's bound a measure of the information, and is the prior matched? Decided from numbers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from noisedim.statistics.intervals import Interval, student_t

__all__ = ["BoundVerdict", "MatchVerdict", "NoiseLevel", "bound_verdict", "match_verdict"]


@dataclass(frozen=True)
class NoiseLevel:
    """The autoencoders of one noise level.

    Attributes:
        level: of the noise.
        capacity: of the channel, nats.
        above_entropy: by seed, the reconstruction bound on the information, without the unknown h(X), nats.
        information: the dual's lower bound, nats, one per seed; empty where it is not known of all.
        rejected: by seed, whether the battery rejects the prior.
        n: images that judge each run.
    """

    level: float
    capacity: float
    above_entropy: Mapping[int, float]
    information: tuple[float, ...]
    rejected: Mapping[int, bool]
    n: int


@dataclass(frozen=True)
class BoundVerdict:
    """Whether the bound by the reconstruction error can be a tight measure of the information.

    Attributes:
        low, high: the levels of the smallest and of the largest capacity.
        gains: by which the bound rises from one to the other, seed by seed, nats; the unknown h(X) cancels.
        highest: what the bound is at most at ``low``, as it is at most the capacity at ``high``.
        gain: interval of the mean; None with fewer than two seeds.
    """

    low: NoiseLevel
    high: NoiseLevel
    gains: tuple[float, ...]
    highest: float
    gain: Interval | None

    @property
    def is_empty(self) -> bool:
        """Whether it rises by more than there is: then it says nothing at ``low``."""
        return self.gain is not None and self.gain.lower > self.high.capacity


def bound_verdict(levels: Sequence[NoiseLevel]) -> BoundVerdict | None:
    """The bound between the extreme levels; None where there is only one."""
    ordered = sorted(levels, key=lambda own: own.capacity)
    low, high = ordered[0], ordered[-1]
    seeds = low.above_entropy.keys() & high.above_entropy.keys()
    if low is high or not seeds:
        return None
    gains = [high.above_entropy[seed] - low.above_entropy[seed] for seed in seeds]
    # I ≤ C at the weaker noise bounds h(X), and with it the bound at the stronger noise.
    highest = high.capacity - float(np.mean(gains))
    return BoundVerdict(low, high, tuple(gains), highest, student_t(gains) if len(gains) > 1 else None)


@dataclass(frozen=True)
class MatchVerdict:
    """Whether the embeddings pass for the prior.

    Attributes:
        passed: runs that the battery does not reject.
        runs: of how many.
    """

    passed: int
    runs: int

    @property
    def outcome(self) -> Literal["all", "some", "none"]:
        """How many runs pass."""
        return "all" if self.passed == self.runs else "some" if self.passed else "none"


def match_verdict(levels: Sequence[NoiseLevel]) -> MatchVerdict:
    """How many runs of all levels pass for the prior."""
    rejected = [each for own in levels for each in own.rejected.values()]
    return MatchVerdict(rejected.count(False), len(rejected))
