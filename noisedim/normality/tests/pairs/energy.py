"""The energy distance between the rows' law and N(0, I), times n: of the rows as they are, or whitened.

Source: Székely & Rizzo (2005), Journal of Multivariate Analysis 93, 58–80.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import torch

from noisedim.normality.summaries.moments import bounded
from noisedim.normality.summaries.pair_sums import batched_distance_sums, distance_sum, one_blas_thread
from noisedim.normality.tests.base import Batch, CalibratedTest, KernelLimit, Moments, degenerate_moments

__all__ = ["TESTS", "energy_composite_moments", "energy_moments", "energy_statistic", "mean_distance_to_normal"]

_VERY_MANY = 10**12


def energy_statistic(z: np.ndarray, *, single: bool = False) -> float:
    """Energy distance to N(0, I), times n; its expectation under N(0, I) is E‖Z − Z′‖. Values are clipped to ±1e30.

    Args:
        z: (n, d) numbers.
        single: as for :func:`~noisedim.normality.summaries.pair_sums.pair_sum`; of whitened rows too coarse.
    """
    z = bounded(z)
    n, dim = z.shape
    points = torch.from_numpy(z - [float(np.median(column)) for column in z.T])
    with one_blas_thread():
        pairs = distance_sum(points, single=single)
    to_normal = mean_distance_to_normal(np.einsum("ij,ij->i", z, z), dim)
    return 2 * float(to_normal.sum()) - n * energy_moments(n, dim)[0] - pairs / n


def _batched(batch: Batch, dtype: torch.dtype = torch.float32) -> np.ndarray:
    n, dim = batch.rows.shape[1:]
    pairs = batched_distance_sums(batch.points, batch.squared_norms, dtype)
    mean = torch.from_numpy(mean_distance_to_normal(batch.squared_norms.numpy(), dim)).sum(1)
    return np.asarray(2 * mean - n * energy_moments(n, dim)[0] - pairs / n)


def mean_distance_to_normal(squared_norms: np.ndarray, dim: int) -> np.ndarray:
    """E‖x − Z‖ for Z ~ N(0, I) by ‖x‖², any shape; relative error below 1e-9."""
    from scipy.special import gammaln, hyp1f1

    squared_norms = np.asarray(squared_norms, dtype=np.float64)
    far = squared_norms > 200 * (dim + 10)
    inside = np.where(far, 0.0, squared_norms)
    if dim < 100:
        scale = math.sqrt(2) * math.exp(float(gammaln((dim + 1) / 2) - gammaln(dim / 2)))
        near = scale * hyp1f1(-0.5, dim / 2, -inside / 2)
    else:  # where SciPy's Kummer function overflows
        near = np.asarray(_mean_distance_spline(dim)(np.sqrt(inside)))
    norms = np.sqrt(np.where(far, squared_norms, 1.0))
    # The asymptotic series of Kummer's function.
    m = dim - 1
    series = norms + m / (2 * norms) - m * (dim - 3) / (8 * norms**3) + m * (dim - 3) * (dim - 5) / (16 * norms**5)
    return np.where(far, series, near)


@lru_cache(maxsize=64)
def _mean_distance_spline(dim: int) -> Callable[[np.ndarray], np.ndarray]:
    from scipy.interpolate import CubicSpline

    top = math.sqrt(200 * (dim + 10))
    knots = np.linspace(0, top, 40 + math.ceil(8 * top)) ** 2
    # √W = (2√π)⁻¹ ∫ (1 − e^{−sW}) s^{−3/2} ds, and E e^{−sW} of a noncentral χ² is in closed form; s = e^y/(d + ‖x‖²).
    y = np.linspace(-56, 56, 2501)
    values = []
    for square in knots:
        s = np.exp(y) / (dim + square)
        integrand = -np.expm1(-dim / 2 * np.log1p(2 * s) - square * s / (1 + 2 * s)) / np.sqrt(s)
        values.append(float(integrand.sum()) * (y[1] - y[0]) / (2 * math.sqrt(math.pi)))
    return CubicSpline(np.sqrt(knots), values)


@lru_cache(maxsize=64)
def _energy_integrals(dim: int) -> tuple[float, float]:
    """E‖Z−Z′‖ and E m² for m(z) = E‖z − Z′‖."""
    from scipy import special, stats

    nodes, weights = special.roots_legendre(400)
    # ‖Z‖² by its quantiles: the tails do not matter for a standard deviation.
    squared = stats.chi2.ppf((nodes + 1) / 2, dim)
    m = mean_distance_to_normal(squared, dim)
    mu = 2 * math.exp(float(special.gammaln((dim + 1) / 2) - special.gammaln(dim / 2)))
    return mu, float(weights @ m**2) / 2


def energy_moments(n: int, dim: int) -> Moments:
    """Under N(0, I); mean exact, standard deviation by quadrature."""
    mu, square = _energy_integrals(dim)
    return degenerate_moments(n, mu, 4 * (square - mu * mu), 2 * dim - 2 * square + mu * mu)


def energy_composite_moments(n: int, dim: int) -> Moments:
    """Of whitened rows: the limit's mean 3/8·E‖Z−Z′‖; the scale is a convention.

    Estimating mean and covariance removes the Hermite orders 1 and 2 from the kernel, with traces 1/2 and 1/8 of its own.
    """
    mean, deviation = energy_moments(n, dim)
    return 3 / 8 * mean, deviation / (2 * (dim + 1))


def _kernel(x: np.ndarray, y: np.ndarray, inner: np.ndarray) -> np.ndarray:
    return -np.sqrt(np.maximum(x + y - 2 * inner, 0))


TESTS = (
    CalibratedTest(
        beyond_table=0.2,
        over_pairs=True,
        name="energy",
        null="simple",
        single=partial(energy_statistic, single=True),
        batched=_batched,
        moments=energy_moments,
        limit=KernelLimit(lambda dim, rows: _kernel),
        words="the joint law is not N(0, I) (distances)",
        effect="sliced_w2",
    ),
    CalibratedTest(
        over_pairs=True,
        name="energy_composite",
        null="composite",
        single=energy_statistic,
        batched=lambda batch: _batched(batch, torch.float64),
        moments=energy_composite_moments,
        limit=KernelLimit(
            lambda dim, rows: _kernel,
            estimated=True,
            unit=lambda dim, rows, deviation: deviation / energy_composite_moments(_VERY_MANY, dim)[1],
        ),
        words="the joint law is not normal (distances)",
    ),
)
