"""The mean of Mehler's kernel over pairs of rows, and the Rényi divergence from N(0, I) that it estimates."""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, rate
from noisedim.errors import InvalidInputError
from noisedim.normality.summaries.pair_sums import one_blas_thread, pair_sum, row_sums
from noisedim.statistics.intervals import Interval
from noisedim.theory.bounds import gaussian_dual_kernel

__all__ = [
    "LARGEST",
    "divergence_of_rows",
    "log_mean",
    "log_mean_kernel",
    "log_row_means",
    "mean_kernel_and_deviation",
    "mehler_divergence",
    "mehler_ratio",
]

_ROWS = 1024
# Below it, distances are computed by differences instead of products: these would round too much.
_SMALL_SIGMA = 0.05
_SAFE_EXPONENT = 600.0
_LEAST_SUM = 1e-250
LARGEST = 1e100
"""Beyond it, squares and their sums of squares are not finite."""


def mehler_ratio(sigma: float) -> float:
    """r = 1/(1+σ²), by whose powers Mehler's kernel weighs the orders of moments."""
    return 1 / (1 + sigma * sigma)


def _log_row_means(z: np.ndarray, sigma: float) -> np.ndarray:
    """For each row i, the log of the mean of κ(z_i, z_j) over j ≠ i, (n,), in blocks of rows.

    In logs throughout: κ(z_i, z_i) = exp(‖z_i‖²/(2+σ²)) times a constant, which for an outlier, or in many dimensions,
    is larger than all other terms together. It is left out, not subtracted, and rows far out do not overflow.
    """
    if (largest := float(np.abs(z).max())) > LARGEST:
        raise InvalidInputError(f"z must lie within ±{LARGEST:g}, so that squares are finite; got {largest:g}")
    points = torch.from_numpy(np.ascontiguousarray(z))
    n = len(points)
    means = np.empty(n)
    for start in range(0, n, _ROWS):
        rows = points[start : start + _ROWS]
        kernel = gaussian_dual_kernel(rows, points, sigma)
        own = torch.arange(len(rows), device=rows.device)
        kernel[own, start + own] = -torch.inf
        means[start : start + _ROWS] = torch.logsumexp(kernel, 1).numpy()
    return means - math.log(n - 1)


def log_row_means(z: np.ndarray, sigma: float) -> np.ndarray:
    """For each row, the log of the mean of κ over the other rows, nats, (n,); fast where nothing overflows or vanishes."""
    exponents = _exponents(z, sigma)
    if exponents is not None:
        with one_blas_thread():
            sums = row_sums(*exponents)
        if sums.min() > _LEAST_SUM:
            return np.asarray(np.log(sums)) - math.log(len(z) - 1)
    return _log_row_means(z, sigma)


def log_mean(logs: np.ndarray) -> float:
    """Log of the mean of numbers that are given by their logs."""
    peak = float(logs.max())
    return peak + math.log(float(np.exp(logs - peak).mean()))


def log_mean_kernel(z: np.ndarray, sigma: float) -> float:
    r"""Log of the mean of κ(z_i, z_j) over i ≠ j, nats: the point estimate of :func:`mehler_divergence`.

    E κ = 1 under N(0, I), and more under any other law whose matching moments the kernel weighs. Finite for all
    rows within ±1e100.

    Source: new, claim dual-hermite; :func:`noisedim.bounds.gaussian_dual_kernel`.

    >>> round(log_mean_kernel(np.array([[0.0], [1.0]]), 1.0), 4)
    -0.0228
    """
    exponents = _exponents(z, sigma)
    if exponents is not None:
        with one_blas_thread():
            pairs = pair_sum(*exponents)
        if pairs > _LEAST_SUM:
            return math.log(pairs) - math.log(len(z) * (len(z) - 1))
    return log_mean(_log_row_means(z, sigma))


def _exponents(z: np.ndarray, sigma: float) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Points and weights whose pair sum is that of κ; ``None`` where its terms overflow or its differences are small.

    log κ = c + r⟨a,b⟩/(1−r²) − r²(‖a‖²+‖b‖²)/(2(1−r²)): half the exponentials of the plain way, in one pass.
    """
    if sigma < _SMALL_SIGMA or float(np.abs(z).max()) > LARGEST:
        return None
    r = mehler_ratio(sigma)
    points = torch.from_numpy(z * math.sqrt(r / (1 - r * r)))
    norms = points.square().sum(1)
    constant = -z.shape[1] / 2 * math.log1p(-r * r)
    # By Cauchy–Schwarz no exponent exceeds the greatest κ(a, a)'s.
    if constant + float(norms.max()) * (1 - r) > _SAFE_EXPONENT:
        return None
    return points, norms * (-r / 2) + constant / 2


def mehler_divergence(z: Any, sigma: float, *, level: float = 0.95) -> Interval:
    r"""Rényi divergence :math:`D_2(Z + \sigma N \,\|\, N(0, (1+\sigma^2)I))`, nats, estimated from all pairs of rows.

    It bounds the Kullback–Leibler divergence of the noisy law from above.

    Args:
        z: (n, d) numbers, n >= 3.
        sigma: noise level, > 0, in units of the prior's standard deviation.
        level: coverage of the interval, by the jackknife over rows and Student's t. It is approximate: 95% ones held the
            divergence of N(0, 1.3² I) in 79% of samples of 50 rows, 92% of 400 and 91% of 2,000 at d = 1 (the upper end is
            too low, by outliers that few samples have), and 97% at d = 16. Close to zero the U-statistic is degenerate:
            use the test for significance.

    Raises: InvalidInputError: for anything but a finite matrix of at least 3 rows, or ``sigma`` not positive.

    Source: new, claim dual-certificate.
    """
    return divergence_of_rows(log_row_means(embedding_matrix("z", z, minimum_rows=3), positive("sigma", sigma)), level)


def divergence_of_rows(rows: np.ndarray, level: float) -> Interval:
    """:func:`mehler_divergence` from what :func:`log_row_means` gives."""
    from scipy import stats

    n = len(rows)
    # The true value is at least 0; a sample's can be below, and is shown so.
    estimate = log_mean(rows)
    # Leaving row i out of the U-statistic: (n·mean·(n−1) − 2(n−1)·row_i) / ((n−1)(n−2)); here relative to the mean.
    # A row whose pairs are all that counts leaves nothing but rounding, hence the floor.
    without = (n - 2 * np.exp(rows - estimate)) / (n - 2)
    logs = np.log(np.maximum(without, 1e-15))
    deviation = math.sqrt((n - 1) / n * float(((logs - logs.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + rate("level", level)) / 2, n - 1)) * deviation
    return Interval(estimate, estimate - half, estimate + half, level, n, "jackknife")


def mean_kernel_and_deviation(rows: np.ndarray) -> tuple[float, float]:
    """The mean of κ over pairs, whose expectation is exp(D₂), and its standard deviation by the jackknife over rows.

    Both are infinite where the mean is beyond doubles. ``rows``: what :func:`log_row_means` gives.
    """
    n = len(rows)
    if (log_whole := log_mean(rows)) > _SAFE_EXPONENT:
        return math.inf, math.inf
    mean = math.exp(log_whole)
    without = mean * (n - 2 * np.exp(rows - log_whole)) / (n - 2)
    return mean, math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
