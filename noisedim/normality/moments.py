"""Statistics of moments: of single coordinates, of pairs, and Mardia's of the joint law; the energy statistic beside them.

What slices do not see in many dimensions, because a projection averages over coordinates, a sum over coordinates does.
"""

from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix
from noisedim.normality.null_moments import energy_moments, mean_distance_to_normal
from noisedim.normality.pair_sums import distance_sum, one_blas_thread
from noisedim.normality.whitening import whiten

__all__ = [
    "covariance_statistic",
    "energy_statistic",
    "hermite_statistic",
    "mardia_kurtosis",
    "mardia_skewness",
]

# Powers up to the eighth of what is larger overflow; the law is not N(0, I) anyway.
_LARGEST = 1e30


def _bounded(z: Any, *, minimum_rows: int = 1) -> np.ndarray:
    z = embedding_matrix("z", z, minimum_rows=minimum_rows)
    # No copy where there is nothing to bound.
    return z if z.min() >= -_LARGEST and z.max() <= _LARGEST else z.clip(-_LARGEST, _LARGEST)


def covariance_statistic(z: Any) -> float:
    """n/2·‖ZᵀZ/n − I‖²_F: all second moments at once, about d(d+1)/2 under N(0, I).

    Args:
        z: (n, d) numbers; values beyond ±1e30 count as that.

    Source: Nagao (1973), Annals of Statistics 1, 700–709, with the mean known.
    """
    z = _bounded(z)
    return float(len(z) / 2 * ((z.T @ z / len(z) - np.eye(z.shape[1])) ** 2).sum())


def hermite_statistic(z: Any) -> float:
    """n Σ_i [(mean h₃(z_i))² + (mean h₄(z_i))²]: third and fourth moments of all coordinates, about 2d under N(0, I).

    Args:
        z: (n, d) numbers; values beyond ±1e30 count as that.

    Source: the smooth test of Neyman with Hermite polynomials; Rayner, Thas & Best (2009), Smooth Tests of Goodness of
        Fit, 2nd edition, chapter 6.
    """
    z = _bounded(z)
    total = 0.0
    for column in z.T:  # one at a time: no copies of the whole matrix
        square = column * column
        total += float(((square - 3) * column).mean()) ** 2 / 6 + float((square * (square - 6) + 3).mean()) ** 2 / 24
    return len(z) * total


def energy_statistic(z: Any) -> float:
    """Energy distance between the rows' law and N(0, I), times n; its expectation under N(0, I) is E‖Z − Z′‖.

    Args:
        z: (n, d) numbers; values beyond ±1e30 count as that.

    Source: Székely & Rizzo (2005), Journal of Multivariate Analysis 93, 58–80, with the mean and covariance known; for
        their composite test, pass :func:`~noisedim.normality.whitening.whiten`-ed rows.
    """
    z = _bounded(z, minimum_rows=2)
    n, dim = z.shape
    points = torch.from_numpy(z - [float(np.median(column)) for column in z.T])
    with one_blas_thread():
        pairs = distance_sum(points)
    to_normal = mean_distance_to_normal(np.einsum("ij,ij->i", z, z), dim)
    return 2 * float(to_normal.sum()) - n * energy_moments(n, dim)[0] - pairs / n


def mardia_skewness(z: Any, *, white: np.ndarray | None = None) -> float:
    """n·b₁/6 with b₁ Mardia's multivariate skewness: about χ² with d(d+1)(d+2)/6 degrees of freedom for a normal law.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.
        white: ``whiten(z)``, if it is there already.

    Raises: InvalidInputError: as :func:`~noisedim.normality.whitening.whiten`.

    Source: Mardia (1970), Biometrika 57, 519–530.
    """
    w = whiten(embedding_matrix("z", z)) if white is None else white
    n = len(w)
    # b₁ is the squared norm of the third-moment tensor: n·d³ products instead of n²·d.
    return n / 6 * sum(float((((w * w[:, i : i + 1]).T @ w / n) ** 2).sum()) for i in range(w.shape[1]))


def mardia_kurtosis(z: Any, *, white: np.ndarray | None = None) -> float:
    """b₂, the mean fourth power of Mahalanobis distances: about d(d+2) for a normal law.

    Args, raises and source: as :func:`mardia_skewness`.
    """
    w = whiten(embedding_matrix("z", z)) if white is None else white
    return float(((w * w).sum(1) ** 2).mean())
