"""Errors of the coordinates' moments relative to N(0, I): the largest over coordinates, with its interval.

Functions take checked (n, d) float64 rows, 20 or more.

Every coordinate (or pair) gets a normal interval for its moment, wide enough to hold for all of them at once
(Bonferroni); the largest absolute error then lies between the largest lower and the largest upper end. Standard errors of
second to fourth moments are small where the same draws make the moment small: none is taken below the prior's own,
nor below the root mean square over coordinates. Without that, 95% intervals of a normal sample's largest excess kurtosis held
0 in 21% of samples of n = 400, d = 128, and now in all.
"""

import math

import numpy as np

from noisedim.normality.spectrum import spectral_rank
from noisedim.statistics.intervals import Interval

__all__ = ["correlation_error", "kurtosis_error", "mean_error", "rank_interval", "skewness_error", "variance_error"]

_METHOD = "simultaneous normal intervals"
_GROUPS = 10


def _largest(errors: np.ndarray, deviations: np.ndarray, level: float, n: int) -> Interval:
    from scipy.special import ndtri

    half = float(ndtri(1 - (1 - level) / (2 * errors.size))) * deviations / math.sqrt(n)
    sizes = np.abs(errors)
    return Interval(
        float(sizes.max()), max(0.0, float((sizes - half).max())), float((sizes + half).max()), level, n, _METHOD
    )


def _bounded(z: np.ndarray) -> np.ndarray:
    """Rows whose fourth powers are finite."""
    return z.clip(-1e70, 1e70)


def _deviations(influence: np.ndarray, least: float) -> np.ndarray:
    """Standard deviations of (n, d) influences, not below the prior's nor their root mean square over coordinates."""
    deviations = influence.std(0)
    return np.maximum(deviations, max(least, float(np.sqrt((deviations**2).mean()))))


def mean_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ|."""
    z = _bounded(z)
    return _largest(z.mean(0), z.std(0), level, len(z))


def variance_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ² − 1|."""
    squares = _bounded(z) ** 2
    return _largest(squares.mean(0) - 1, _deviations(squares, math.sqrt(2)), level, len(squares))


def _standardised(z: np.ndarray) -> np.ndarray:
    z = _bounded(z)
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    centred /= np.where(peak > 0, peak, 1.0)
    deviation = centred.std(0)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def skewness_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |skewness| of a coordinate; 0 for a constant one.

    The interval is too short where tails are heavy and rows few: in one dimension 95% intervals covered the skewness of an
    exponential law in 61%, 72% and 89% of samples of 50, 400 and 4,000.
    """
    x = _standardised(z)
    skewness = (x**3).mean(0)
    # Influence function of a standardised third moment.
    influence = x**3 - skewness - 3 * x - 1.5 * skewness * (x * x - 1)
    return _largest(skewness, _deviations(influence, math.sqrt(6)), level, len(x))


def kurtosis_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |excess kurtosis| of a coordinate; 3 for a constant one.

    The upper end is too low for heavy tails, whose fourth moment few rows show: in one dimension 95% intervals covered the
    excess kurtosis of an exponential law in 47%, 62% and 83% of samples of 50, 400 and 4,000, and t₆'s in 57% of 4,000.
    """
    x = _standardised(z)
    third, fourth = (x**3).mean(0), (x**4).mean(0)
    influence = x**4 - fourth - 4 * third * x - 2 * fourth * (x * x - 1)
    return _largest(fourth - 3, _deviations(influence, math.sqrt(24)), level, len(x))


def correlation_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |correlation| of two coordinates, on Fisher's scale; 0 in one dimension.

    Standard errors are those of the influence function, not below Fisher's for normal rows: coordinates that share a
    heavy-tailed scale are uncorrelated, but their correlation varies more (Fisher's 95% intervals covered t₈'s 0 in 60%).
    """
    from scipy.special import ndtri

    x = _standardised(z)
    n, dim = x.shape
    if dim == 1:
        return Interval(0.0, 0.0, 0.0, level, n, "one coordinate")
    pairs = dim * (dim - 1) // 2
    r = (x.T @ x / n).clip(-1 + 1e-15, 1 - 1e-15)
    squares = x * x
    fourth = (squares * squares).mean(0)
    # Of the influence xy − r(x² + y²)/2: its mean square.
    mixed = (squares * x).T @ x / n
    variance = (
        squares.T @ squares / n * (1 + r * r / 2) - r * (mixed + mixed.T) + r * r / 4 * (fourth[:, None] + fourth)
    )
    deviation = np.maximum(1.0, np.sqrt(variance.clip(min=0)) / (1 - r * r))
    half = float(ndtri(1 - (1 - level) / (2 * pairs))) / math.sqrt(max(1, n - 3)) * deviation
    upper = np.triu_indices(dim, 1)
    angle, half = np.arctanh(np.abs(r[upper])), half[upper]
    ends = math.tanh(max(0.0, float((angle - half).max()))), math.tanh(float((angle + half).max()))
    return Interval(float(np.abs(r[upper]).max()), *ends, level, n, "Fisher's scale, simultaneous")


def rank_interval(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """The effective rank by the jackknife over ten groups of rows, which removes most of its bias.

    The rest of the bias is below the interval's width from about six rows per coordinate on: at d = 64, 95% intervals
    held the prior's rank in no sample of 100 rows and in 92% of 400.
    """
    from scipy import stats

    plain = spectral_rank(z)
    parts = np.arange(len(z)) % _GROUPS
    values = np.array([spectral_rank(z[parts != part]) for part in range(_GROUPS)])
    corrected = plain + (_GROUPS - 1) * (plain - float(values.mean()))
    estimate = min(float(z.shape[1]), max(min(1.0, plain), corrected))
    deviation = math.sqrt((_GROUPS - 1) / _GROUPS * float(((values - values.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + level) / 2, _GROUPS - 1)) * deviation
    return Interval(estimate, max(0.0, estimate - half), min(z.shape[1], estimate + half), level, len(z), "jackknife")
