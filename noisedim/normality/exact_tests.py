"""Tests of one sample against N(0, I) whose null law is known.

p is exact wherever the coordinates' own p-values are combined by :func:`~noisedim.statistics.combining.sidak`
(independent under N(0, I)), and a bound where :func:`~noisedim.statistics.combining.bonferroni` combines them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix
from noisedim.errors import InvalidInputError
from noisedim.statistics.combining import bonferroni, sidak

__all__ = [
    "Outcome",
    "coordinates_test",
    "correlations_test",
    "extremes_test",
    "mean_test",
    "norms_test",
    "scale_test",
    "variances_test",
]

# Squares of what is larger overflow.
_LARGEST = 1e150


@dataclass(frozen=True)
class Outcome:
    """What a test measured (large: departs from the null) and how rare that is under the null."""

    statistic: float
    p_value: float


def _squared_norms(z: np.ndarray) -> np.ndarray:
    return np.asarray((z.clip(-_LARGEST, _LARGEST) ** 2).sum(1))


def mean_test(z: Any) -> Outcome:
    """Simple null: n‖mean‖² is χ² with d degrees of freedom under N(0, I); exact."""
    from scipy import stats

    z = embedding_matrix("z", z)
    statistic = float(len(z) * (z.mean(0).clip(-_LARGEST, _LARGEST) ** 2).sum())
    return Outcome(statistic, float(stats.chi2.sf(statistic, z.shape[1])))


def scale_test(z: Any) -> Outcome:
    """Simple null: the sum of all squares is χ² with nd degrees of freedom; two-sided, exact.

    The statistic is |mean of all squares − 1|.
    """
    from scipy import stats

    z = embedding_matrix("z", z)
    total = float(_squared_norms(z).sum())
    p_value = 2 * min(float(stats.chi2.sf(total, z.size)), float(stats.chi2.cdf(total, z.size)))
    return Outcome(abs(total / z.size - 1), min(1.0, p_value))


def variances_test(z: Any) -> Outcome:
    """Simple null: each Σ zᵢ² is χ² with n degrees of freedom, two-sided; the least p over coordinates, exact.

    The statistic is the largest |Σ zᵢ²/n − 1|.
    """
    from scipy import stats

    z = embedding_matrix("z", z)
    n, sums = len(z), (z.clip(-_LARGEST, _LARGEST) ** 2).sum(0)
    p_values = np.minimum(1.0, 2 * np.minimum(stats.chi2.sf(sums, n), stats.chi2.cdf(sums, n)))
    return Outcome(float(np.abs(sums / n - 1).max()), sidak(float(p_values.min()), len(sums)))


def correlations_test(z: Any) -> Outcome:
    """Independence of coordinates under normality: Student's t of each correlation, Bonferroni over pairs.

    The statistic is the largest |r|.

    Raises: InvalidInputError: for fewer than 2 coordinates or 3 rows, or a constant coordinate.
    """
    from scipy import stats

    z = embedding_matrix("z", z, minimum_rows=3)
    n, dim = z.shape
    if dim < 2:
        raise InvalidInputError("correlations need at least 2 coordinates; got 1")
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    if not peak.all():
        raise InvalidInputError(f"expected coordinates that vary; coordinate {int(np.argmin(peak))} is constant")
    centred /= peak  # so that no square overflows or underflows
    centred /= np.linalg.norm(centred, axis=0)
    correlation = centred.T @ centred
    worst = min(float(np.abs(correlation[np.triu_indices(dim, 1)]).max()), 1 - 1e-15)
    least = 2 * float(stats.t.sf(worst * math.sqrt((n - 2) / (1 - worst**2)), n - 2))
    return Outcome(worst, bonferroni(least, dim * (dim - 1) // 2))


def _kolmogorov(uniform: np.ndarray) -> float:
    """Kolmogorov's distance of values from U[0, 1]."""
    n = len(uniform)
    ordered = np.sort(uniform)
    grid = np.arange(n + 1) / n
    return float(max((grid[1:] - ordered).max(), (ordered - grid[:-1]).max()))


def coordinates_test(z: Any) -> Outcome:
    """Simple null: Kolmogorov–Smirnov of every coordinate against N(0, 1); the largest distance, exact."""
    from scipy import special, stats

    z = embedding_matrix("z", z)
    worst = max(_kolmogorov(special.ndtr(column)) for column in z.T)
    return Outcome(worst, sidak(float(stats.kstwo.sf(worst, len(z))), z.shape[1]))


def norms_test(z: Any) -> Outcome:
    """Simple null: Kolmogorov–Smirnov of ‖z‖² against χ² with d degrees of freedom; exact."""
    from scipy import stats

    z = embedding_matrix("z", z)
    distance = _kolmogorov(stats.chi2.cdf(_squared_norms(z), z.shape[1]))
    return Outcome(distance, float(stats.kstwo.sf(distance, len(z))))


def extremes_test(z: Any) -> Outcome:
    """Simple null: the largest ‖z‖² of n independent χ² with d degrees of freedom; exact. Sees outliers.

    The statistic is the largest ‖z‖.
    """
    from scipy import stats

    z = embedding_matrix("z", z)
    largest = float(_squared_norms(z).max())
    return Outcome(math.sqrt(largest), sidak(float(stats.chi2.sf(largest, z.shape[1])), len(z)))
