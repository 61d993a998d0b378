"""Tests of uniformity on the unit cube itself: Legendre moments of coordinates and of pairs of coordinates."""

import math
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix

__all__ = ["smooth_of_batch", "smooth_pairs_of_batch", "smooth_pairs_statistic", "smooth_statistic"]


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


def smooth_of_batch(batch: np.ndarray) -> np.ndarray:
    """:func:`smooth_statistic` of each of (m, n, d) samples, (m,)."""
    return batch.shape[1] * sum((p.mean(1) ** 2).sum(1) for p in _legendre(batch))


def smooth_pairs_of_batch(batch: np.ndarray) -> np.ndarray:
    """:func:`smooth_pairs_statistic` of each of (m, n, d) samples, (m,)."""
    n, dim = batch.shape[1:]
    first, second = _legendre(batch)[:2]
    features = np.concatenate([first, second], 2)
    products = (np.swapaxes(features, 1, 2) @ features / n) ** 2
    own = np.arange(dim)
    # Products of a coordinate with itself are marginal moments: not counted. Every pair stands there twice.
    for rows in (0, dim):
        for columns in (0, dim):
            products[:, rows + own, columns + own] = 0
    return n / 2 * products.sum((1, 2))


def smooth_statistic(u: Any) -> float:
    """Neyman's smooth statistic of order 4, summed over coordinates: n Σ_i Σ_{k≤4} (mean P_k(u_i))².

    Args:
        u: (n, d) numbers in [0, 1].

    Returns: about 4d under U[0, 1]^d; more where a coordinate's law is not uniform.

    Source: Neyman (1937), Skandinavisk Aktuarietidskrift 20, 149–199.
    """
    return float(smooth_of_batch(embedding_matrix("u", u)[None])[0])


def smooth_pairs_statistic(u: Any) -> float:
    """The same for pairs of coordinates: n Σ_{i<j} Σ_{k,l≤2} (mean P_k(u_i) P_l(u_j))²; about 2d(d−1) under U[0, 1]^d."""
    return float(smooth_pairs_of_batch(embedding_matrix("u", u)[None])[0])
