"""How far the moments of coordinates are off N(0, I)'s: the largest error over coordinates, with its interval.

Every coordinate (or pair) gets a normal interval for its moment, wide enough to hold for all of them at once
(Bonferroni); the largest absolute error then lies between the largest lower and the largest upper end.
"""

import math
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix
from noisedim.statistics.distances import effective_rank
from noisedim.statistics.intervals import Interval

__all__ = ["correlation_error", "kurtosis_error", "mean_error", "rank_interval", "skewness_error", "variance_error"]

_METHOD = "simultaneous normal intervals"
_GROUPS = 10


def _largest(errors: np.ndarray, deviations: np.ndarray, level: float, n: int) -> Interval:
    from scipy.special import ndtri

    half = float(ndtri(1 - (1 - level) / (2 * errors.size))) * deviations
    sizes = np.abs(errors)
    return Interval(
        float(sizes.max()), max(0.0, float((sizes - half).max())), float((sizes + half).max()), level, n, _METHOD
    )


def _powers(z: Any) -> np.ndarray:
    return embedding_matrix("z", z, minimum_rows=3).clip(-1e70, 1e70)


def _of_powers(values: np.ndarray, target: float, level: float) -> Interval:
    return _largest(values.mean(0) - target, values.std(0) / math.sqrt(len(values)), level, len(values))


def mean_error(z: Any, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ|."""
    return _of_powers(_powers(z), 0.0, level)


def variance_error(z: Any, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ² − 1|."""
    return _of_powers(_powers(z) ** 2, 1.0, level)


def _standardised(z: Any) -> np.ndarray:
    z = _powers(z)
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    centred /= np.where(peak > 0, peak, 1.0)
    deviation = centred.std(0)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def skewness_error(z: Any, *, level: float = 0.95) -> Interval:
    """Largest |skewness| of a coordinate; 0 for a constant one."""
    x = _standardised(z)
    skewness = (x**3).mean(0)
    # Influence function of a standardised third moment.
    influence = x**3 - skewness - 3 * x - 1.5 * skewness * (x * x - 1)
    return _largest(skewness, influence.std(0) / math.sqrt(len(x)), level, len(x))


def kurtosis_error(z: Any, *, level: float = 0.95) -> Interval:
    """Largest |excess kurtosis| of a coordinate; 3 for a constant one."""
    x = _standardised(z)
    third, fourth = (x**3).mean(0), (x**4).mean(0)
    influence = x**4 - fourth - 4 * third * x - 2 * fourth * (x * x - 1)
    return _largest(fourth - 3, influence.std(0) / math.sqrt(len(x)), level, len(x))


def correlation_error(z: Any, *, level: float = 0.95) -> Interval:
    """Largest |correlation| of two coordinates, by Fisher's transformation; 0 in one dimension."""
    from scipy.special import ndtri

    x = _standardised(z)
    n, dim = x.shape
    if dim == 1:
        return Interval(0.0, 0.0, 0.0, level, n, "one coordinate")
    pairs = dim * (dim - 1) // 2
    worst = float(np.abs(np.triu(x.T @ x / n, 1)).max())
    half = float(ndtri(1 - (1 - level) / (2 * pairs))) / math.sqrt(max(1, n - 3))
    angle = math.atanh(min(worst, 1 - 1e-15))
    return Interval(worst, math.tanh(max(0.0, angle - half)), math.tanh(angle + half), level, n, "Fisher, simultaneous")


def rank_interval(z: Any, *, level: float = 0.95) -> Interval:
    """The effective rank, with the interval of a jackknife over ten groups of rows; its bias (below d) is not removed."""
    from scipy import stats

    z = embedding_matrix("z", z, minimum_rows=2 * _GROUPS)
    estimate = effective_rank(z)
    parts = np.arange(len(z)) % _GROUPS
    values = np.array([effective_rank(z[parts != part]) for part in range(_GROUPS)])
    deviation = math.sqrt((_GROUPS - 1) / _GROUPS * float(((values - values.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + level) / 2, _GROUPS - 1)) * deviation
    return Interval(estimate, max(0.0, estimate - half), min(z.shape[1], estimate + half), level, len(z), "jackknife")
