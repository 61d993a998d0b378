r"""Means and standard deviations of the test statistics under their null law, in closed form where one is known.

A statistic less its mean, over its standard deviation, has a law that hardly changes with n and d: this is what the null
tables hold and interpolate. The simple-null statistics are V-statistics of degenerate kernels h, n·mean h(z_i, z_j), so

.. math:: E\,T = E\,h(Z, Z), \qquad \mathrm{Var}\,T = \tfrac1n \mathrm{Var}\,h(Z,Z) + \tfrac{2(n-1)}n E\,h(Z,Z')^2

exactly, for every n. For the composite ones only the limit, or nothing, is known: their scale is a convention.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

__all__ = [
    "bhep_beta",
    "bhep_moments",
    "covariance_moments",
    "energy_composite_moments",
    "energy_moments",
    "henze_zirkler_beta",
    "henze_zirkler_moments",
    "hermite_moments",
    "mardia_kurtosis_moments",
    "mardia_skewness_moments",
    "mean_distance_to_normal",
    "mehler_moments",
    "mehler_ratio",
    "mehler_test_sigma",
    "narrow_moments",
    "smooth_moments",
    "smooth_pairs_moments",
]

Moments = tuple[float, float]


def henze_zirkler_beta(n: int, dim: int) -> float:
    """Henze and Zirkler's smoothing parameter."""
    return ((2 * dim + 1) * n / 4) ** (1 / (dim + 4)) / math.sqrt(2)


def bhep_beta(dim: int) -> float:
    """β = d^{−1/2}: Epps and Pulley's 1 in one dimension, and e^{−β²‖a−b‖²/2} about 1/e for two rows in any."""
    return dim**-0.5


def mehler_test_sigma(dim: int) -> float:
    """σ = d^{1/4}: 1 in one dimension; in more it grows, so that the kernel's variance stays below e − 1."""
    return dim**0.25


def mehler_ratio(sigma: float) -> float:
    """r = 1/(1+σ²), by whose powers Mehler's kernel weighs the orders of moments."""
    return 1 / (1 + sigma * sigma)


def _degenerate(n: int, mean: float, diagonal_variance: float, square: float) -> Moments:
    return mean, math.sqrt(diagonal_variance / n + 2 * (n - 1) / n * square)


def bhep_moments(n: int, dim: int, beta: float) -> Moments:
    """Of the BHEP statistic under N(0, I); exact.

    Source: Baringhaus & Henze (1988), Metrika 35, 339–348, and the integrals of products of normal densities.
    """
    b = beta * beta
    c = (1 + 2 * b) ** (-dim / 2)
    centre_square = (1 + b) ** -dim * (1 + 2 * b / (1 + b)) ** (-dim / 2)
    square = (1 + 4 * b) ** (-dim / 2) - 2 * centre_square + c * c
    return _degenerate(n, 1 - c, 4 * (centre_square - c * c), square)


def mehler_moments(n: int, dim: int, sigma: float) -> Moments:
    """Of n times (mean of κ over pairs − 1) under N(0, I); exact."""
    square = math.expm1(-dim * math.log1p(-(mehler_ratio(sigma) ** 2)))
    return 0.0, math.sqrt(2 * n / (n - 1) * square)


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
        near = _mean_distance_by_interpolation(inside, dim)
    norms = np.sqrt(np.where(far, squared_norms, 1.0))
    # The asymptotic series of Kummer's function.
    m = dim - 1
    series = norms + m / (2 * norms) - m * (dim - 3) / (8 * norms**3) + m * (dim - 3) * (dim - 5) / (16 * norms**5)
    return np.where(far, series, near)


def _mean_distance_by_interpolation(squared_norms: np.ndarray, dim: int) -> np.ndarray:
    return np.asarray(_mean_distance_spline(dim)(np.sqrt(squared_norms)))


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
    # ‖Z‖² by its quantiles: the tails hold nothing that matters to a standard deviation.
    squared = stats.chi2.ppf((nodes + 1) / 2, dim)
    m = mean_distance_to_normal(squared, dim)
    mu = 2 * math.exp(float(special.gammaln((dim + 1) / 2) - special.gammaln(dim / 2)))
    return mu, float(weights @ m**2) / 2


def energy_moments(n: int, dim: int) -> Moments:
    """Of the energy statistic under N(0, I); mean exact, standard deviation by quadrature."""
    mu, square = _energy_integrals(dim)
    return _degenerate(n, mu, 4 * (square - mu * mu), 2 * dim - 2 * square + mu * mu)


def energy_composite_moments(n: int, dim: int) -> Moments:
    """Of the energy statistic of whitened rows: the limit's mean 3/8·E‖Z−Z′‖; the scale is a convention.

    Estimating mean and covariance takes the Hermite orders 1 and 2 off the kernel, whose traces are 1/2 and 1/8 of its.
    """
    mean, deviation = energy_moments(n, dim)
    return 3 / 8 * mean, deviation / (2 * (dim + 1))


def covariance_moments(n: int, dim: int) -> Moments:
    """Of n/2 times ‖ZᵀZ/n − I‖² under N(0, I); exact."""
    # h(x, x) = (R² − 2R + d)/2 with R ~ χ²_d, whose raw moments are d(d+2)…
    raw = [1.0]
    for k in range(4):
        raw.append(raw[-1] * (dim + 2 * k))
    variance = (raw[4] - raw[2] ** 2 - 4 * (raw[3] - raw[2] * raw[1]) + 4 * (raw[2] - raw[1] ** 2)) / 4
    return _degenerate(n, dim * (dim + 1) / 2, variance, dim * (dim + 1) / 2)


@lru_cache(maxsize=1)
def _hermite_diagonal_variance() -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    diagonal = (nodes**3 - 3 * nodes) ** 2 / 6 + (nodes**4 - 6 * nodes**2 + 3) ** 2 / 24
    return float(weights @ diagonal**2 - (weights @ diagonal) ** 2)


def hermite_moments(n: int, dim: int) -> Moments:
    """Of the sum of squared third and fourth Hermite moments of the coordinates under N(0, I); exact."""
    return _degenerate(n, 2.0 * dim, dim * _hermite_diagonal_variance(), 2.0 * dim)


@lru_cache(maxsize=1)
def _legendre_integrals() -> tuple[float, float, float]:
    """Variance of Σ_{k≤4} P_k², and E and E² of P₁² + P₂², for orthonormal Legendre polynomials on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    squares = [(2 * k + 1) * np.polynomial.legendre.Legendre.basis(k)(nodes) ** 2 for k in range(1, 5)]
    four, two = sum(squares), squares[0] + squares[1]
    return float(weights @ four**2) / 2 - 16.0, 2.0, float(weights @ two**2) / 2


def smooth_moments(n: int, dim: int) -> Moments:
    """Of Neyman's smooth statistic summed over coordinates under U[0, 1]^d; exact."""
    return _degenerate(n, 4.0 * dim, dim * _legendre_integrals()[0], 4.0 * dim)


def smooth_pairs_moments(n: int, dim: int) -> Moments:
    """Of the sum over pairs of coordinates of squared product moments under U[0, 1]^d; exact."""
    _, mean, square = _legendre_integrals()
    pairs = dim * (dim - 1) / 2
    variance = pairs * (square**2 - mean**4) + dim * (dim - 1) * (dim - 2) * mean**2 * (square - mean**2)
    return _degenerate(n, 4 * pairs, variance, 4 * pairs)


def henze_zirkler_moments(n: int, dim: int, beta: float | None = None) -> Moments:
    """Of (T − 1)·(1+2β²)^{d/2} for the Henze–Zirkler T, in the limit of many rows at this β.

    Source: Henze & Zirkler (1990), Communications in Statistics – Theory and Methods 19, 3595–3617, Theorem 2.1.
    """
    b = (henze_zirkler_beta(n, dim) if beta is None else beta) ** 2
    a = 1 + 2 * b
    w = (1 + b) * (1 + 3 * b)
    mean = -(1 + dim * b / a + dim * (dim + 2) * b**2 / (2 * a**2))
    square = (
        2 * (a * a / (1 + 4 * b)) ** (dim / 2)
        + 2 * (1 + 2 * dim * b**2 / a**2 + 3 * dim * (dim + 2) * b**4 / (4 * a**4))
        - 4 * (a * a / w) ** (dim / 2) * (1 + 3 * dim * b**2 / (2 * w) + dim * (dim + 2) * b**4 / (2 * w**2))
    )
    return mean, math.sqrt(square)


def narrow_moments(n: int, dim: int) -> Moments:
    """As :func:`henze_zirkler_moments` at Henze and Zirkler's own β, with a scale that never exceeds n.

    In many dimensions the limit's standard deviation is that of events which n rows never show; what varies is about n.
    """
    mean, deviation = henze_zirkler_moments(n, dim)
    return mean, deviation / (1 + deviation / n)


def mardia_skewness_moments(n: int, dim: int) -> Moments:
    """Of n·b₁/6: exact mean, the limit's standard deviation.

    Source: Mardia (1970), Biometrika 57, 519–530.
    """
    mean = n / 6 * dim * (dim + 2) / ((n + 1) * (n + 3)) * ((n + 1) * (dim + 1) - 6)
    return mean, math.sqrt(dim * (dim + 1) * (dim + 2) / 3)


def mardia_kurtosis_moments(n: int, dim: int) -> Moments:
    """Of b₂; exact.

    Source: Mardia (1970), Biometrika 57, 519–530; Mardia (1974), Sankhyā B 36, 115–128.
    """
    mean = dim * (dim + 2) * (n - 1) / (n + 1)
    square = 8 * dim * (dim + 2) * (n - 3) * (n - dim - 1) * (n - dim + 1) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    return mean, math.sqrt(square)
