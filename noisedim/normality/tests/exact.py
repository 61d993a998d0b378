"""Tests whose null law is known in closed form, and the test for events of probability 0.

p is exact wherever the coordinates' own p-values are combined by :func:`~noisedim.statistics.combining.sidak`
(independent under N(0, I)), and a bound where :func:`~noisedim.statistics.combining.bonferroni` combines them.
"""

import math

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality.summaries.moments import correlation, squares
from noisedim.normality.summaries.ordered import kolmogorov, ordered_columns
from noisedim.normality.tests.base import ExactTest, ImpossibilityTest, Outcome
from noisedim.statistics.combining import bonferroni, sidak

__all__ = ["TESTS", "coordinates", "correlations", "extremes", "mean", "norms", "rank", "scale", "variances"]

# Squares of larger values overflow.
_LARGEST = 1e150


def rank(z: np.ndarray) -> float:
    """Rank of the covariance, with coordinates brought to one scale."""
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    return float(np.linalg.matrix_rank(centred / np.where(peak > 0, peak, 1.0), tol=1e-8 * len(z) ** 0.5))


def mean(z: np.ndarray) -> Outcome:
    """n‖mean‖², which is χ² with d degrees of freedom under N(0, I); exact."""
    from scipy import stats

    statistic = float(len(z) * (z.mean(0).clip(-_LARGEST, _LARGEST) ** 2).sum())
    return Outcome(statistic, float(stats.chi2.sf(statistic, z.shape[1])))


def scale(z: np.ndarray) -> Outcome:
    """|mean of all squares − 1|; the sum of squares is χ² with nd degrees of freedom; two-sided, exact."""
    from scipy import stats

    total = float(squares(z).rows.sum())
    p_value = 2 * min(float(stats.chi2.sf(total, z.size)), float(stats.chi2.cdf(total, z.size)))
    return Outcome(abs(total / z.size - 1), min(1.0, p_value))


def variances(z: np.ndarray) -> Outcome:
    """Largest |Σ zᵢ²/n − 1|; each sum is χ² with n degrees of freedom, two-sided; smallest p over coordinates, exact."""
    from scipy import stats

    n, sums = len(z), squares(z).columns
    p_values = np.minimum(1.0, 2 * np.minimum(stats.chi2.sf(sums, n), stats.chi2.cdf(sums, n)))
    return Outcome(float(np.abs(sums / n - 1).max()), sidak(float(p_values.min()), len(sums)))


def correlations(z: np.ndarray) -> Outcome:
    """Largest |r|: independence of coordinates under normality by Student's t of each correlation, Bonferroni over pairs.

    Raises: InvalidInputError: for fewer than 2 coordinates, or a constant coordinate.
    """
    from scipy import stats

    n, dim = z.shape
    if dim < 2:
        raise InvalidInputError("correlations need at least 2 coordinates; got 1")
    found = correlation(z)
    if len(found.constant):
        raise InvalidInputError(f"expected coordinates that vary; coordinate {found.constant[0]} is constant")
    worst = min(float(np.abs(found.matrix[np.triu_indices(dim, 1)]).max()), 1 - 1e-15)
    least = 2 * float(stats.t.sf(worst * math.sqrt((n - 2) / (1 - worst**2)), n - 2))
    return Outcome(worst, bonferroni(least, dim * (dim - 1) // 2))


def coordinates(z: np.ndarray) -> Outcome:
    """Kolmogorov–Smirnov of every coordinate against N(0, 1); the largest distance, exact."""
    from scipy import stats

    worst = float(ordered_columns(z).distances.max())
    return Outcome(worst, sidak(float(stats.kstwo.sf(worst, len(z))), z.shape[1]))


def norms(z: np.ndarray) -> Outcome:
    """Kolmogorov–Smirnov of ‖z‖² against χ² with d degrees of freedom; exact."""
    from scipy import stats

    distance = kolmogorov(np.sort(stats.chi2.cdf(squares(z).rows, z.shape[1])))
    return Outcome(distance, float(stats.kstwo.sf(distance, len(z))))


def extremes(z: np.ndarray) -> Outcome:
    """The largest ‖z‖; its square is the largest of n independent χ² with d degrees of freedom; exact. Sees outliers."""
    from scipy import stats

    largest = float(squares(z).rows.max())
    return Outcome(math.sqrt(largest), sidak(float(stats.chi2.sf(largest, z.shape[1])), len(z)))


TESTS = (
    ImpossibilityTest("rank", "composite", "coordinates are constant or dependent", grows=None, measure=rank),
    ExactTest("mean", "simple", "the mean is not 0", "mean_error", outcome=mean),
    ExactTest("scale", "simple", "the mean square of all values is not 1", grows="root", outcome=scale),
    ExactTest("variances", "simple", "a coordinate's variance is not 1", "variance_error", "root", outcome=variances),
    ExactTest("coordinates", "simple", "a coordinate's law is not N(0, 1)", grows="root", outcome=coordinates),
    ExactTest("norms", "simple", "norms do not follow the chi-square law", grows="root", outcome=norms),
    ExactTest(
        "extremes",
        "simple",
        "the row farthest from the origin is too far out for the prior",
        grows=None,
        outcome=extremes,
    ),
    ExactTest(
        "correlations",
        "simple",
        "two coordinates are correlated",
        "correlation_error",
        "root",
        least_dim=2,
        outcome=correlations,
        bound=True,
        needs_variation=True,
    ),
)
