"""Tests of uniformity on the unit cube itself: Legendre moments of coordinates and of pairs of coordinates.

Source: Neyman (1937), Skandinavisk Aktuarietidskrift 20, 149–199.
"""

import math
from functools import lru_cache

import numpy as np

from noisedim.normality.tests.base import (
    Batch,
    CalibratedTest,
    ChiSquareLimit,
    Moments,
    SurfaceForm,
    degenerate_moments,
)

__all__ = ["TESTS"]


def _legendre(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The orthonormal Legendre polynomials of degree 1 to 4 on [0, 1]."""
    x = 2 * u - 1
    square = x * x
    return (
        math.sqrt(3) * x,
        math.sqrt(5) / 2 * (3 * square - 1),
        math.sqrt(7) / 2 * (5 * square - 3) * x,
        3 / 8 * ((35 * square - 30) * square + 3),
    )


def _coordinates(batch: Batch) -> np.ndarray:
    """n Σ_i Σ_{k≤4} (mean P_k(u_i))²: about 4d under U[0, 1]^d."""
    return np.asarray(batch.rows.shape[1] * sum((p.mean(1) ** 2).sum(1) for p in _legendre(batch.rows)))


def _pairs(batch: Batch) -> np.ndarray:
    """n Σ_{i<j} Σ_{k,l≤2} (mean P_k(u_i) P_l(u_j))²: about 2d(d−1) under U[0, 1]^d."""
    n, dim = batch.rows.shape[1:]
    first, second = _legendre(batch.rows)[:2]
    features = np.concatenate([first, second], 2)
    products = (np.swapaxes(features, 1, 2) @ features / n) ** 2
    own = np.arange(dim)
    # Products of a coordinate with itself are marginal moments: not counted. Every pair occurs twice.
    for rows in (0, dim):
        for columns in (0, dim):
            products[:, rows + own, columns + own] = 0
    return np.asarray(n / 2 * products.sum((1, 2)))


@lru_cache(maxsize=1)
def _legendre_integrals() -> tuple[float, float, float]:
    """Variance of Σ_{k≤4} P_k², and E and E² of P₁² + P₂², for orthonormal Legendre polynomials on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    squares = [(2 * k + 1) * np.polynomial.legendre.Legendre.basis(k)(nodes) ** 2 for k in range(1, 5)]
    four, two = sum(squares), squares[0] + squares[1]
    return float(weights @ four**2) / 2 - 16.0, 2.0, float(weights @ two**2) / 2


def _coordinates_moments(n: int, dim: int) -> Moments:
    """Exact."""
    return degenerate_moments(n, 4.0 * dim, dim * _legendre_integrals()[0], 4.0 * dim)


def _pairs_moments(n: int, dim: int) -> Moments:
    """Exact."""
    _, mean, square = _legendre_integrals()
    pairs = dim * (dim - 1) / 2
    variance = pairs * (square**2 - mean**4) + dim * (dim - 1) * (dim - 2) * mean**2 * (square - mean**2)
    return degenerate_moments(n, 4 * pairs, variance, 4 * pairs)


TESTS = (
    CalibratedTest(
        name="smooth",
        null="uniform",
        batched=_coordinates,
        moments=_coordinates_moments,
        limit=ChiSquareLimit(lambda dim: 4 * dim),
        words="a coordinate's law is not U[0, 1]",
    ),
    CalibratedTest(
        name="smooth_pairs",
        null="uniform",
        batched=_pairs,
        moments=_pairs_moments,
        limit=ChiSquareLimit(lambda dim: 2 * dim * (dim - 1)),
        table=SurfaceForm(knots=(1.0, 2.0, 3.5, 5.0, 7.0, 9.0)),
        least_dim=2,
        words="two coordinates depend on each other",
    ),
)
