"""Tests of one sample against N(0, I) or against normality, and the paper's index.

Simple null: the law is N(0, I). Composite null: the law is some normal law. A test's p-value is exact (from its known
null law), or calibrated by simulation; asymptotic approximations appear in the paper's index only, which is no test.
"""

from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.statistics.calibration import calibrated_p_value
from noisedim.statistics.distances import random_directions
from noisedim.statistics.henze_zirkler import henze_zirkler_statistic, whiten
from noisedim.statistics.intervals import Interval, student_t

__all__ = [
    "average_p_value",
    "coordinates_p_value",
    "correlations_p_value",
    "holm",
    "mean_p_value",
    "norms_p_value",
    "paper_indices",
    "variances_p_value",
    "worst_dagostino",
    "worst_shapiro",
]

_DIRECTIONS = 8
# scipy's Shapiro–Wilk follows Royston's algorithm, stated for up to 5,000 values.
_SHAPIRO_ROWS = 5000


def holm(p_values: Any) -> np.ndarray:
    """Holm's adjusted p-values: rejecting those <= α keeps the family-wise error at α under any dependence.

    >>> holm([0.01, 0.04, 0.03]).round(3)
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def average_p_value(p_values: Any) -> float:
    """min(1, 2·mean): a valid p-value from the mean of any number of dependent p-values.

    Source: Vovk & Wang (2020), Biometrika 107, 791–808.
    """
    return min(1.0, 2 * float(np.mean(np.asarray(p_values, dtype=np.float64))))


def _bonferroni(p_values: np.ndarray) -> float:
    return float(min(1.0, len(p_values) * p_values.min()))


def mean_p_value(z: Any) -> float:
    """Simple null: n‖mean‖² is χ² with d degrees of freedom under N(0, I); exact."""
    from scipy import stats

    z = embedding_matrix("z", z)
    return float(stats.chi2.sf(len(z) * (z.mean(0) ** 2).sum(), z.shape[1]))


def variances_p_value(z: Any) -> float:
    """Simple null: each Σ zᵢ² is χ² with n degrees of freedom; two-sided, Bonferroni over coordinates; exact."""
    from scipy import stats

    z = embedding_matrix("z", z)
    sums = (z**2).sum(0)
    return _bonferroni(np.minimum(1.0, 2 * np.minimum(stats.chi2.sf(sums, len(z)), stats.chi2.cdf(sums, len(z)))))


def correlations_p_value(z: Any) -> float:
    """Independence of coordinates under normality: Student's t of each correlation, Bonferroni over pairs; exact.

    Raises: InvalidInputError: for fewer than 2 coordinates or 3 rows.
    """
    from scipy import stats

    z = embedding_matrix("z", z, minimum_rows=3)
    n, dim = z.shape
    if dim < 2:
        raise InvalidInputError("correlations need at least 2 coordinates; got 1")
    centred = z - z.mean(0)
    norms = np.linalg.norm(centred, axis=0)
    if not norms.all():
        raise InvalidInputError(f"expected coordinates that vary; coordinate {int(np.argmin(norms))} is constant")
    correlation = (centred / norms).T @ (centred / norms)
    r = correlation[np.triu_indices(dim, 1)].clip(-1 + 1e-15, 1 - 1e-15)
    return _bonferroni(2 * stats.t.sf(np.abs(r) * np.sqrt((n - 2) / (1 - r**2)), n - 2))


def coordinates_p_value(z: Any) -> float:
    """Simple null: Kolmogorov–Smirnov of every coordinate against N(0, 1), Bonferroni; exact up to n = 10,000."""
    from scipy import stats

    z = embedding_matrix("z", z)
    return _bonferroni(np.asarray(stats.kstest(z, "norm", axis=0).pvalue))


def norms_p_value(z: Any) -> float:
    """Simple null: Kolmogorov–Smirnov of ‖z‖² against χ² with d degrees of freedom; exact up to n = 10,000."""
    from scipy import stats

    z = embedding_matrix("z", z)
    return float(stats.kstest((z**2).sum(1), stats.chi2(z.shape[1]).cdf).pvalue)


def worst_dagostino(z: np.ndarray, rng: np.random.Generator) -> float:
    """Largest D'Agostino–Pearson K² over random projections of the whitened rows; its null law is simulated."""
    from scipy import stats

    projected = whiten(z) @ random_directions(z.shape[1], _DIRECTIONS, rng).T
    return float(stats.normaltest(projected, axis=0).statistic.max())


def worst_shapiro(z: np.ndarray, rng: np.random.Generator) -> float:
    """Largest 1 − W of Shapiro–Wilk over random projections of the whitened rows; its null law is simulated.

    Of more than 5,000 rows a random 5,000 are used.
    """
    from scipy import stats

    if len(z) > _SHAPIRO_ROWS:
        z = z[rng.choice(len(z), _SHAPIRO_ROWS, replace=False)]
    projected = whiten(z) @ random_directions(z.shape[1], _DIRECTIONS, rng).T
    return 1 - min(float(stats.shapiro(column).statistic) for column in projected.T)


def paper_indices(
    z: Any, *, part_size: int = 50, directions: int = 16, seed: int = 0, level: float = 0.99, simulations: int = 1999
) -> dict[str, Interval]:
    """The paper's averaged p-values: an index of smoothness to look at, not a test.

    The rows are split at random into disjoint parts. D'Agostino–Pearson and Shapiro–Wilk are applied to each part's
    random projections, Henze–Zirkler to the part, and p-values are averaged. About 0.5 for a normal sample; but laws
    far from normal also score well, because a part of 50 rows sees little.

    Args:
        z: (n, d) numbers.
        part_size: rows a part, > d and >= 20; the rest of the rows is left out.
        directions: random projections a part.
        seed: of parts and projections.
        level: coverage of the interval over parts (Student's t; parts are independent).
        simulations: null samples for Henze–Zirkler's p-values.

    Returns: means of p with intervals, by ``dagostino``, ``shapiro``, ``henze_zirkler``.

    Raises: InvalidInputError: for fewer rows than one part, or parts not larger than d.

    Source: arXiv 2410.06993, Section 5.
    """
    from scipy import stats

    z = embedding_matrix("z", z)
    n, dim = z.shape
    part_size = positive_integer("part_size", part_size, minimum=max(20, dim + 1))
    if n < part_size:
        raise InvalidInputError(f"expected at least part_size={part_size} rows; got {n}")
    rng = np.random.default_rng([seed, 2410])
    parts = rng.permutation(n)[: n - n % part_size].reshape(-1, part_size)
    p_values: dict[str, list[float]] = {"dagostino": [], "shapiro": [], "henze_zirkler": []}
    for rows in parts:
        part = z[rows]
        projected = part @ random_directions(dim, directions, rng).T
        p_values["dagostino"].append(float(stats.normaltest(projected, axis=0).pvalue.mean()))
        p_values["shapiro"].append(float(np.mean([stats.shapiro(column).pvalue for column in projected.T])))
        statistic = henze_zirkler_statistic(part)
        p_values["henze_zirkler"].append(
            calibrated_p_value("henze_zirkler", statistic, part_size, dim, simulations=simulations)
        )
    return {name: student_t(values, level=level) for name, values in p_values.items()}
