"""Means of differences over seeds that share their images: intervals, and tests of equivalence within a stated margin."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import positive
from noisedim.errors import InvalidInputError
from noisedim.statistics.intervals import Interval

__all__ = ["CrossedMean", "crossed_mean"]


@dataclass(frozen=True)
class CrossedMean:
    """A mean over seeds, with an error that may also hold the choice of the images that all seeds share.

    Attributes:
        estimate: the mean.
        error: its standard error.
        degrees: degrees of freedom of that error.
        n: number of seeds.
    """

    estimate: float
    error: float
    degrees: float
    n: int

    def interval(self, *, level: float = 0.95) -> Interval:
        """Student's t interval."""
        from scipy import stats

        half = float(stats.t.ppf((1 + level) / 2, self.degrees)) * self.error
        return Interval(self.estimate, self.estimate - half, self.estimate + half, level, self.n, "Student t")

    def p_above(self, value: float) -> float:
        """p-value of "the mean is at most ``value``": small if it is above."""
        from scipy import stats

        return float(stats.t.sf((self.estimate - value) / self.error, self.degrees))

    def p_equivalent(self, margin: float) -> float:
        """p-value of "the mean is ``margin`` or more away from 0", by two one-sided tests: small if it is within.

        It is at most α exactly when the interval of level 1−2α lies within ±``margin``.

        Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680.
        """
        margin = positive("margin", margin)
        return max(self.p_above(-margin), 1 - self.p_above(margin))


def crossed_mean(values: Any, contributions: Any = None) -> CrossedMean:
    """The mean of one value a seed.

    Args:
        values: (k,) one value a seed, k >= 2.
        contributions: (k, n): what each of the n images that all seeds share adds to a seed's value (its influence). With
            them the error also holds the choice of the images: to the variance over seeds that of the seeds' mean
            contribution over images is added. What both have in common is counted twice, so the error is, if anything,
            too large. Without them it is about these images.

    Raises: InvalidInputError: for fewer than two values, or contributions of another number of seeds.

    Source: degrees of freedom of a sum of two variances: Satterthwaite (1946), Biometrics Bulletin 2, eq. (17).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise InvalidInputError(f"expected two or more finite values, one a seed; got {values!r}")
    k = len(values)
    parts = [(float(values.var(ddof=1)) / k, k - 1)]
    if contributions is not None:
        contributions = np.asarray(contributions, dtype=np.float64)
        if contributions.ndim != 2 or len(contributions) != k or contributions.shape[1] < 2:
            raise InvalidInputError(f"contributions must have shape ({k}, n); got {contributions.shape}")
        n = contributions.shape[1]
        parts.append((float(contributions.mean(0).var(ddof=1)) / n, n - 1))
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return CrossedMean(float(values.mean()), math.ulp(0.0), k - 1, k)
    degrees = variance**2 / sum(part**2 / degree for part, degree in parts)
    return CrossedMean(float(values.mean()), math.sqrt(variance), degrees, k)
