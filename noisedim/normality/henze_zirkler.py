r"""The Henze–Zirkler test of multivariate normality and its simple-null form (BHEP), blocked and in float64.

.. math:: T = n\Bigl[\tfrac1{n^2}\sum_{jk} e^{-\beta^2 D_{jk}/2} - \tfrac{2}{(1+\beta^2)^{d/2}}\tfrac1n\sum_j
          e^{-\beta^2 D_j/(2(1+\beta^2))} + (1+2\beta^2)^{-d/2}\Bigr]

with D the squared Mahalanobis distances between rows and to the mean.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive
from noisedim.normality.null_moments import henze_zirkler_beta, narrow_moments
from noisedim.normality.p_values import calibrated_p_value
from noisedim.normality.pair_sums import BLOCK, one_blas_thread, pair_sum
from noisedim.normality.whitening import whiten

__all__ = [
    "HenzeZirklerResult",
    "bhep_excess",
    "bhep_statistic",
    "henze_zirkler",
    "henze_zirkler_scaled",
    "henze_zirkler_statistic",
]

# From this ‖βx‖² on, ⟨a,b⟩ − ‖a‖²/2 − ‖b‖²/2 rounds by more than 1e-7. Whitened rows are below n·β².
_FAR = 1e8


@dataclass(frozen=True)
class HenzeZirklerResult:
    """Statistic and its p-value, calibrated at this n and d."""

    statistic: float
    p_value: float
    n: int
    dim: int


def bhep_statistic(z: Any, *, beta: float | None = None) -> float:
    """The statistic against N(0, I) itself: neither centred nor whitened, so N(5, 9I) does not pass.

    Args:
        z: (n, d) numbers.
        beta: smoothing; Henze and Zirkler's choice for (n, d) if omitted.

    Returns: T >= 0 up to rounding; its law under N(0, I) depends on n, d and beta.

    Raises: InvalidInputError: for anything but a finite matrix of at least 2 rows.

    Source: Baringhaus & Henze (1988), Metrika 35, 339–348; Epps & Pulley (1983).
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    beta = henze_zirkler_beta(*z.shape) if beta is None else positive("beta", beta)
    return 1 + _excess(z, beta, 0.0)


def bhep_excess(points: np.ndarray, beta: float) -> float:
    """(T − 1)·(1+2β²)^{d/2} for the BHEP statistic T of the rows as they are.

    T holds a 1 for every row with itself. In many dimensions all else is far below it (10⁻¹⁵ at d = 64), and is all that
    varies, so it is kept apart.
    """
    return _excess(points, beta, points.shape[1] / 2 * math.log1p(2 * beta * beta))


def _excess(points: np.ndarray, beta: float, shift: float) -> float:
    """(T − 1)·e^shift."""
    n, dim = points.shape
    square = beta * beta
    tensor = torch.from_numpy(np.ascontiguousarray(points))
    # Distances between rows do not depend on the origin: around the median their expansion keeps the most digits.
    centred = tensor - tensor.median(0).values
    centred *= beta
    squares = centred.square().sum(1)
    if float(squares.max()) < _FAR:
        with one_blas_thread():
            pairs = pair_sum(centred, squares / -2 + shift / 2)
    else:
        pairs = _pair_sum_by_differences(centred, shift)
    norms = tensor.square().sum(1)
    centre = (norms * (-square / (2 * (1 + square))) + (shift - dim / 2 * math.log1p(square))).exp().sum()
    return pairs / n - 2 * float(centre) + n * math.exp(shift - dim / 2 * math.log1p(2 * square))


def _pair_sum_by_differences(points: torch.Tensor, shift: float) -> float:
    """Sum of exp(shift − ‖a − b‖²/2) over pairs of different rows; several times slower than the expansion, and exact at
    any scale."""
    total = 0.0
    for start in range(0, len(points), BLOCK):
        rows = points[start : start + BLOCK]
        exponents = torch.cdist(rows, points, compute_mode="donot_use_mm_for_euclid_dist").square_() / -2 + shift
        own = torch.arange(len(rows))
        exponents[own, start + own] = -torch.inf
        total += float(exponents.exp_().sum())
    return total


def henze_zirkler_statistic(z: Any) -> float:
    """The Henze–Zirkler statistic: large where rows do not look like any normal law.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.

    Returns: T, unchanged by invertible affine maps of the rows.

    Raises: InvalidInputError: for NaN, n <= d, constant or linearly dependent coordinates.

    Source: Henze & Zirkler (1990), Communications in Statistics – Theory and Methods 19, 3595–3617.

    >>> import numpy as np
    >>> round(henze_zirkler_statistic(np.random.default_rng(0).standard_normal((50, 2))), 2) < 1.2
    True
    """
    return bhep_statistic(whiten(embedding_matrix("z", z, minimum_rows=2)))


def henze_zirkler_scaled(z: np.ndarray, *, white: np.ndarray | None = None) -> float:
    """The statistic as null laws hold it: apart from its 1, less the limit's mean, over a scale that follows n and d."""
    n, dim = z.shape
    beta = henze_zirkler_beta(n, dim)
    mean, deviation = narrow_moments(n, dim)
    return (bhep_excess(whiten(z) if white is None else white, beta) - mean) / deviation


def henze_zirkler(z: Any, *, simulations: int | None = None, seed: int = 0) -> HenzeZirklerResult:
    """The Henze–Zirkler test with a p-value calibrated at this n and d.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.
        simulations: p from so many null samples at exactly this n and d, made once and cached, at least 1/(B+1). If
            omitted, p is read off the null tables where these reach (for d ≤ 32, n from 20 and 2d to 100,000; for d ≤ 128,
            n from 3d to 10,000), and simulated elsewhere.
        seed: of the null samples.

    Returns: statistic and p-value; small p: not normal, whatever mean and covariance.

    Raises: InvalidInputError: as :func:`henze_zirkler_statistic`.

    >>> import numpy as np
    >>> henze_zirkler(np.random.default_rng(0).uniform(size=(300, 2))).p_value < 1e-4
    True
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    n, dim = z.shape
    scaled = henze_zirkler_scaled(z)
    beta = henze_zirkler_beta(n, dim)
    mean, deviation = narrow_moments(n, dim)
    statistic = 1 + (mean + deviation * scaled) * (1 + 2 * beta * beta) ** (-dim / 2)
    p_value = calibrated_p_value("henze_zirkler", scaled, n, dim, simulations=simulations, seed=seed)
    return HenzeZirklerResult(statistic, p_value, n, dim)
