"""The largest errors of moments over all coordinates, with simultaneous intervals, from one pass over the rows.

Every coordinate (or pair) gets a normal interval for its moment, wide enough to hold for all at once (Bonferroni); the
largest absolute error then lies between the largest lower and the largest upper end. Standard errors are those of influence
functions, which are polynomials, so that sums of the rows' powers give them. Those of second to fourth moments are small
where the same draws make the moment small: none is taken below the prior's own, nor below the root mean square over
coordinates. Without that, 95% intervals of a normal sample's largest excess kurtosis held 0 in 21% of samples of n = 400,
d = 128, and now in all.

The estimate is debiased: of d errors that are noise alone, the largest has a known median, whose square is subtracted.
"""

import math

import numpy as np

from noisedim.normality.summaries.moments import correlation, standardised_blocks
from noisedim.normality.summaries.sharing import shared
from noisedim.statistics.intervals import Interval

__all__ = ["correlation_error", "kurtosis_error", "mean_error", "skewness_error", "variance_error"]

_METHOD = "simultaneous normal intervals"
# Fourth powers of larger scales are not finite.
_LARGEST = 1e70
_LARGEST_POWER = 8


@shared
def _power_means(z: np.ndarray) -> np.ndarray:
    """Means of the powers 0 to 8 of standardised coordinates, (9, d)."""
    n, dim = z.shape
    sums = np.zeros((_LARGEST_POWER + 1, dim))
    for _, x in standardised_blocks(z):
        square = x * x
        cube, fourth = square * x, square * square
        sums[2] += square.sum(0)
        sums[3] += cube.sum(0)
        sums[4] += fourth.sum(0)
        for power, left, right in ((5, square, cube), (6, cube, cube), (7, cube, fourth), (8, fourth, fourth)):
            sums[power] += np.einsum("ij,ij->j", left, right)
    sums /= n
    sums[0] = 1.0
    return sums


def _mean_square(coefficients: list[np.ndarray], powers: np.ndarray) -> np.ndarray:
    """Mean square of Σ c_k x^k, (d,)."""
    total = np.zeros(powers.shape[1])
    for i, left in enumerate(coefficients):
        for j, right in enumerate(coefficients):
            total += left * right * powers[i + j]
    return total.clip(min=0)


def _median_of_largest(count: int) -> float:
    """The median of the largest of ``count`` independent |N(0, 1)|."""
    from scipy.special import ndtri

    return float(ndtri((1 + 0.5 ** (1 / count)) / 2))


def _largest(errors: np.ndarray, deviations: np.ndarray, at_prior: float, level: float, n: int) -> Interval:
    """``deviations`` are √n standard errors of the ``errors``; ``at_prior``: the prior's own."""
    from scipy.special import ndtri

    half = float(ndtri(1 - (1 - level) / (2 * errors.size))) * deviations / math.sqrt(n)
    sizes = np.abs(errors)
    noise = _median_of_largest(errors.size) * at_prior / math.sqrt(n)
    largest, lower = float(sizes.max()), max(0.0, float((sizes - half).max()))
    estimate = math.sqrt(max(0.0, largest - noise)) * math.sqrt(largest + noise)
    return Interval(max(lower, estimate), lower, float((sizes + half).max()), level, n, _METHOD)


def _floored(squares: np.ndarray, least: float) -> np.ndarray:
    """Roots of mean squares, not below the prior's nor the root of their mean over coordinates."""
    return np.maximum(np.sqrt(squares), max(least, math.sqrt(float(squares.mean()))))


def mean_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ|."""
    found = correlation(z)
    return _largest((found.means[0] + found.means[1]).clip(-_LARGEST, _LARGEST), found.scales, 1.0, level, len(z))


def variance_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ² − 1|."""
    found, powers = correlation(z), _power_means(z)
    scale, mean = found.scales.clip(max=_LARGEST), found.means.sum(0).clip(-_LARGEST, _LARGEST)
    # Of z = mean + scale·x: the variance of 2·mean·scale·x + scale²·x².
    linear, square = 2 * mean * scale, scale**2
    zero = np.zeros_like(scale)
    deviations = _floored(_mean_square([-square, linear, square], powers) + zero, math.sqrt(2))
    return _largest(mean**2 + square - 1, deviations, math.sqrt(2), level, len(z))


def skewness_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |skewness| of a coordinate; 0 for a constant one.

    The interval is too short where tails are heavy and rows few: in one dimension 95% intervals covered the skewness of an
    exponential law in 61%, 72% and 89% of samples of 50, 400 and 4,000.
    """
    powers = _power_means(z)
    skewness, one = powers[3], np.ones(z.shape[1])
    # Influence function of a standardised third moment: x³ − γ − 3x − 3γ(x² − 1)/2.
    influence = [skewness / 2, -3 * one, -1.5 * skewness, one]
    deviations = _floored(_mean_square(influence, powers), math.sqrt(6))
    return _largest(skewness, deviations, math.sqrt(6), level, len(z))


def kurtosis_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |excess kurtosis| of a coordinate; 3 for a constant one.

    The upper end is too low for heavy tails, whose fourth moment few rows show: in one dimension 95% intervals covered the
    excess kurtosis of an exponential law in 47%, 62% and 83% of samples of 50, 400 and 4,000, and t₆'s in 57% of 4,000.
    """
    powers = _power_means(z)
    third, fourth = powers[3], powers[4]
    one = np.ones(z.shape[1])
    # x⁴ − κ − 4γx − 2κ(x² − 1).
    influence = [fourth, -4 * third, -2 * fourth, 0 * one, one]
    deviations = _floored(_mean_square(influence, powers), math.sqrt(24))
    return _largest(fourth - 3, deviations, math.sqrt(24), level, len(z))


def correlation_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |correlation| of two coordinates, on Fisher's scale; 0 in one dimension.

    Standard errors are those of the influence function, not below Fisher's for normal rows: coordinates that share a
    heavy-tailed scale are uncorrelated, but their correlation varies more (Fisher's 95% intervals covered t₈'s 0 in 60%).
    They are computed in single precision, to about six digits.
    """
    from scipy.special import ndtri

    n, dim = z.shape
    if dim == 1:
        return Interval(0.0, 0.0, 0.0, level, n, "one coordinate")
    r = correlation(z).matrix.clip(-1 + 1e-15, 1 - 1e-15)
    squared = np.zeros((dim, dim))
    for _, rows in standardised_blocks(z):
        square = np.square(rows, dtype=np.float32, casting="same_kind")
        squared += square.T @ square
    squared /= n
    pairs = np.triu_indices(dim, 1)
    r, squared, fourth = r[pairs], squared[pairs], squared.diagonal()
    half = float(ndtri(1 - (1 - level) / (2 * len(r)))) / math.sqrt(max(1, n - 3))

    def ends(r: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        deviation = half * np.maximum(1.0, np.sqrt(variance.clip(min=0)) / (1 - r * r))
        return np.arctanh(np.abs(r)) - deviation, np.arctanh(np.abs(r)) + deviation

    # Of the influence xy − r(x² + y²)/2: its mean square, but for −r·E xy(x² + y²), which Cauchy and Schwarz bound.
    variance = squared * (1 + r * r / 2) + r * r / 4 * (fourth[pairs[0]] + fourth[pairs[1]])
    slack = np.abs(r) * np.sqrt(squared) * (np.sqrt(fourth[pairs[0]]) + np.sqrt(fourth[pairs[1]]))
    (low, high), (lowest, highest) = ends(r, variance - slack), ends(r, variance + slack)
    # Only of pairs that can have the largest end.
    counted = np.flatnonzero((low >= lowest.max()) | (highest >= high.max()))
    mixed = _mixed_moments(z, pairs[0][counted], pairs[1][counted])
    low, high = ends(r[counted], variance[counted] - r[counted] * mixed)
    lower, most = math.tanh(max(0.0, float(low.max()))), math.tanh(float(high.max()))
    largest, noise = float(np.abs(r).max()), _median_of_largest(len(r)) / math.sqrt(n)
    estimate = max(lower, math.sqrt(max(0.0, largest**2 - noise**2)))
    return Interval(estimate, lower, most, level, n, "Fisher's scale, simultaneous")


def _mixed_moments(z: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """E xy(x² + y²) of pairs of standardised coordinates, (k,), in single precision."""
    n, dim = z.shape
    few = len(first) < dim / 8
    sums, products = np.zeros(len(first)), np.zeros((dim, dim))
    for _, rows in standardised_blocks(z):
        if few:
            x, y = rows[:, first].astype(np.float32), rows[:, second].astype(np.float32)
            sums += np.einsum("ij,ij->j", x * y, x * x + y * y)
        else:
            x = rows.astype(np.float32)
            products += (x * x * x).T @ x
    return (sums if few else products[first, second] + products[second, first]) / n
