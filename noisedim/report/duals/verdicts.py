"""Which form of the dual is the best objective? The rule was committed before the recorded runs.

It was not blind: exploratory runs of some of the same cells and seeds (batch 256, seeds 0 to 2) had been seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy import stats

from noisedim.runs.studies.long_study import StudyRecord
from noisedim.statistics.intervals import Interval, student_t

__all__ = ["REFERENCE", "DualComparison", "DualRecord", "DualsVerdict", "dual_records", "duals_verdict"]

REFERENCE = "dual"
LOSS_OF_ACCURACY = 0.02
"""The accuracy that a form of the dual may lose, compared with the form used so far."""
ALPHA = 0.05
# A divergence at or below this is a perfect match at the numbers of rows used here.
_LEAST = 1e-4
_MOST_SEEDS = 1000


@dataclass(frozen=True, kw_only=True)
class DualRecord:
    """One run, measured on held-out images.

    Attributes:
        method, sigma, batch, seed: which run.
        n: number of held-out images.
        knn: accuracy of 5 nearest neighbours.
        d2_coarse, d2_fine: Rényi divergence from the prior, nats, at noise d^¼ and 0.3.
        sliced_w2: sliced Wasserstein distance from the prior, standard deviations.
        seconds: CPU time of the training, one thread.
    """

    method: str
    sigma: float
    batch: int
    seed: int
    n: int
    knn: float
    d2_coarse: float
    d2_fine: float
    sliced_w2: float
    seconds: float


def dual_records(records: Sequence[StudyRecord]) -> tuple[DualRecord, ...]:
    """The runs as this study reads them."""
    return tuple(
        DualRecord(
            method=str(own.labels["method"]),
            sigma=float(own.labels["sigma"]),
            batch=int(own.labels["batch"]),
            seed=own.seed,
            n=own.n,
            knn=own.whole["knn"],
            d2_coarse=own.whole["d2_coarse"],
            d2_fine=own.whole["d2_fine"],
            sliced_w2=own.whole["sliced_w2"],
            seconds=own.seconds,
        )
        for own in records
    )


@dataclass(frozen=True)
class DualComparison:
    """One form of the dual compared with the form used so far, over the same cells and seeds.

    Attributes:
        method: its name.
        log_ratio: of D₂ at noise 0.3, log(own/reference), mean over cells, interval over seeds; below 0 it matches better.
        accuracy: difference in 5-NN accuracy, likewise.
        seconds_ratio: CPU time of training over the reference's, geometric mean.
    """

    method: str
    log_ratio: Interval
    accuracy: Interval
    seconds_ratio: float

    @property
    def keeps_accuracy(self) -> bool:
        """Whether it is decided that at most :data:`LOSS_OF_ACCURACY` is lost."""
        return self.accuracy.lower > -LOSS_OF_ACCURACY

    @property
    def seeds_needed(self) -> int | None:
        """Seeds with which this estimate, scattered as here, would decide the loss of accuracy; None if none would."""
        own, distance = self.accuracy, self.accuracy.estimate + LOSS_OF_ACCURACY
        if distance <= 0:
            return None
        tail = (1 + own.level) / 2
        deviation = (own.upper - own.estimate) / float(stats.t.ppf(tail, own.n - 1)) * sqrt(own.n)
        enough = (n for n in range(2, _MOST_SEEDS) if stats.t.ppf(tail, n - 1) * deviation / sqrt(n) < distance)
        return next(enough, None)

    @property
    def matches_better(self) -> bool:
        """Whether it is decided that the match is better."""
        return self.log_ratio.upper < 0


@dataclass(frozen=True)
class DualsVerdict:
    """All forms compared, and the one that the rule chooses.

    The rule: of the forms that match better and keep the accuracy, both decided at 5% over all forms together
    (Bonferroni), the one with the smallest mean log D₂; the form used so far if there is none.
    """

    comparisons: tuple[DualComparison, ...]
    seeds: int
    cells: int

    @property
    def chosen(self) -> str:
        """Name of the form."""
        better = [own for own in self.comparisons if own.matches_better and own.keeps_accuracy]
        return min(better, key=lambda own: own.log_ratio.estimate).method if better else REFERENCE

    @property
    def closest(self) -> DualComparison:
        """The form that is chosen; without one, the one with the smallest mean log D₂."""
        named = [own for own in self.comparisons if own.method == self.chosen]
        return min(named or self.comparisons, key=lambda own: own.log_ratio.estimate)


def duals_verdict(records: Sequence[DualRecord]) -> DualsVerdict | None:
    """Compare every form with the reference; None with fewer than two seeds of every cell."""
    table = {(own.method, own.sigma, own.batch, own.seed): own for own in records}
    cells = sorted({(own.sigma, own.batch) for own in records})
    methods = list(dict.fromkeys(own.method for own in records))
    every = sorted({own.seed for own in records})
    seeds = [s for s in every if all((m, *cell, s) in table for m in methods for cell in cells)]
    if len(seeds) < 2 or REFERENCE not in methods:
        return None
    others = [method for method in methods if method != REFERENCE]
    level = 1 - ALPHA / max(1, len(others))
    found = []
    for method in others:
        pairs = [[(table[(method, *c, s)], table[(REFERENCE, *c, s)]) for c in cells] for s in seeds]
        ratios = [float(np.mean([_log(own.d2_fine) - _log(ref.d2_fine) for own, ref in row])) for row in pairs]
        gains = [float(np.mean([own.knn - ref.knn for own, ref in row])) for row in pairs]
        times = [log(own.seconds / ref.seconds) for row in pairs for own, ref in row]
        found.append(
            DualComparison(
                method, student_t(ratios, level=level), student_t(gains, level=level), float(np.exp(np.mean(times)))
            )
        )
    return DualsVerdict(tuple(found), len(seeds), len(cells))


def _log(divergence: float) -> float:
    return log(max(divergence, _LEAST))
