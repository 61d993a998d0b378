"""The spectrum of a sample's second moments: effective rank, the edges of Marchenko and Pastur, and the law of its ends.

The ends follow Tracy and Widom's law, with centring for few rows. Compared with exact draws of those eigenvalues (the
tridiagonal form of a Wishart matrix), tail probabilities of 0.05 and 0.01 hold within Monte-Carlo error from two dimensions
on, for the smallest eigenvalue where one of rows and columns exceeds the other by a tenth;
``tests/normality/test_spectrum.py`` repeats the comparison.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix

__all__ = [
    "effective_rank",
    "largest_eigenvalue_p_value",
    "smallest_eigenvalue_p_value",
    "spectral_edges",
    "spectral_rank",
    "tracy_widom_tail",
]


def effective_rank(z: Any) -> float:
    """exp of the entropy of the covariance's normalised spectrum: d for an isotropic law, 1 for one on a line.

    Source: Roy & Vetterli (2007), EUSIPCO, 606–610.

    >>> import numpy as np
    >>> round(effective_rank(np.array([[1.0, 1.0], [-1.0, -1.0]])), 3)
    1.0
    """
    return spectral_rank(embedding_matrix("z", z, minimum_rows=2))


def spectral_rank(z: np.ndarray) -> float:
    """:func:`effective_rank` of checked rows."""
    centred = z - z.mean(0)
    peak = float(np.abs(centred).max())
    if peak == 0:
        return 0.0
    centred /= peak  # so that no square overflows or underflows
    gram = centred.T @ centred if len(z) > z.shape[1] else centred @ centred.T
    spectrum = np.linalg.eigvalsh(gram).clip(min=0)
    shares = spectrum[spectrum > 1e-15 * spectrum.max()] / spectrum.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


_NODES = 80
# The kernel's argument at which Airy's function is below 1e-30.
_REACH = 18.0
# Below this the law has no mass that a double shows.
_LOWEST = -12.0


@lru_cache(maxsize=1)
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    return (points + 1) / 2, weights / 2


def tracy_widom_tail(value: float) -> float:
    r"""P(TW₁ > value) for the Tracy–Widom law of real symmetric matrices, relative error about 1e-9 down to 1e-12.

    .. math:: F_1(s) = \det(1 - B_s), \qquad B_s(x, y) = \mathrm{Ai}(x + y + s) \text{ on } L^2(0, \infty)

    by Gauss–Legendre quadrature of the Fredholm determinant.

    Source: Ferrari & Spohn (2005), Journal of Physics A 38, L557–L561; Bornemann (2010), Mathematics of Computation 79,
        871–915, for the quadrature.

    >>> round(tracy_widom_tail(0.97931), 4)
    0.05
    """
    from scipy.special import airy

    if value < _LOWEST:
        return 1.0
    if value > 60:  # below every double
        return 0.0
    points, weights = _legendre()
    length = _REACH + max(0.0, -value)
    x, root = length * points, np.sqrt(length * weights)
    kernel = root[:, None] * airy(x[:, None] + x[None, :] + value)[0] * root[None, :]
    eigenvalues = np.linalg.eigvalsh(kernel)
    return float(-np.expm1(np.log1p(-np.minimum(eigenvalues, 1 - 1e-16)).sum()))


def spectral_edges(n: int, dim: int) -> tuple[float, float]:
    """Where the eigenvalues of ZᵀZ/n end for many rows of N(0, I): (1 ∓ √(d/n))²; the lower end is of the nonzero ones.

    Source: Marchenko & Pastur (1967), Mathematics of the USSR – Sbornik 1, 457–483.
    """
    ratio = math.sqrt(dim / n)
    return (1 - ratio) ** 2, (1 + ratio) ** 2


def _halves(n: int, dim: int) -> tuple[float, float]:
    large, small = max(n, dim), min(n, dim)
    return math.sqrt(large - 0.5), math.sqrt(small - 0.5)


def largest_eigenvalue_p_value(eigenvalue: float, n: int, dim: int) -> float:
    """How rarely the largest eigenvalue of ZᵀZ/n is at least this, for n rows of N(0, I_d), d ≥ 2.

    Source: Johnstone (2001), Annals of Statistics 29, 295–327; Ma (2012), Bernoulli 18, 322–359, for centring and scale.
    """
    a, b = _halves(n, dim)
    centre, scale = (a + b) ** 2, (a + b) * (1 / a + 1 / b) ** (1 / 3)
    return tracy_widom_tail((n * eigenvalue - centre) / scale)


def smallest_eigenvalue_p_value(eigenvalue: float, n: int, dim: int) -> float:
    """How rarely the smallest nonzero eigenvalue of ZᵀZ/n is at most this, d ≥ 2, max(n, d) ≥ 1.1·min(n, d).

    Source: Ma (2012), Bernoulli 18, 322–359, Theorem 2.
    """
    if eigenvalue <= 0:
        return 0.0
    a, b = _halves(n, dim)
    centre, scale = (a - b) ** 2, (a - b) * (1 / b - 1 / a) ** (1 / 3)
    spread = scale / centre
    return tracy_widom_tail((math.log(centre) + spread**2 / 8 - math.log(n * eigenvalue)) / spread)
