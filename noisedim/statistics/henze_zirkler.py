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
from noisedim.errors import InvalidInputError
from noisedim.statistics.calibration import calibrated_p_value, each_sample, one_blas_thread
from noisedim.statistics.pairs import BLOCK, batched_pair_sums, pair_sum

__all__ = ["HenzeZirklerResult", "bhep_statistic", "henze_zirkler", "henze_zirkler_statistic", "whiten", "whiten_batch"]

# From this ‖βx‖² on, ⟨a,b⟩ − ‖a‖²/2 − ‖b‖²/2 rounds by more than 1e-7. Whitened rows are below n·β².
_FAR = 1e8


@dataclass(frozen=True)
class HenzeZirklerResult:
    """Statistic and its p-value, calibrated by simulation at this n and d."""

    statistic: float
    p_value: float
    n: int
    dim: int


def _beta(n: int, dim: int) -> float:
    return ((2 * dim + 1) * n / 4) ** (1 / (dim + 4)) / math.sqrt(2)


def whiten(z: np.ndarray) -> np.ndarray:
    """Rows with mean zero and (1/n) covariance I, (n, d), by the Cholesky factor of the covariance.

    Raises: InvalidInputError: if n <= d or the covariance is singular; names constant coordinates.
    """
    n, dim = z.shape
    if n <= dim:
        raise InvalidInputError(f"expected more rows than coordinates; got n={n}, d={dim}")
    # Twice: the first subtraction of a large common offset rounds.
    centred = z - z.mean(0)
    centred -= centred.mean(0)
    peak = np.abs(centred).max(0)
    constant = np.flatnonzero(peak <= 1e-13 * np.abs(z).max(0))
    if len(constant):
        raise InvalidInputError(
            f"expected coordinates that vary; {len(constant)} of {dim} are constant, the first is {constant[0]}"
        )
    centred /= peak  # so that no square overflows or underflows
    centred /= np.sqrt((centred**2).mean(0))
    correlation = centred.T @ centred / n
    if float(np.linalg.eigvalsh(correlation)[0]) < 1e-10:
        rank = int(np.linalg.matrix_rank(correlation, tol=1e-10, hermitian=True))
        pairs = np.argwhere(np.triu(np.abs(correlation), 1) > 1 - 1e-10)
        repeated = f"; coordinate {pairs[0, 1]} repeats coordinate {pairs[0, 0]}" if len(pairs) else ""
        raise InvalidInputError(
            f"expected linearly independent coordinates; {dim} coordinates have rank {rank}{repeated}"
        )
    # By the small inverse factor, not a triangular solve with n right-hand sides: BLAS starts its threads for that, which
    # costs more than the whole statistic.
    return centred @ np.linalg.inv(np.linalg.cholesky(correlation)).T


def whiten_batch(batch: np.ndarray) -> np.ndarray:
    """:func:`whiten` for each of (m, n, d) simulated samples, which need no scaling and no refusals."""
    centred = batch - batch.mean(1, keepdims=True)
    factor = np.linalg.cholesky(np.swapaxes(centred, 1, 2) @ centred / batch.shape[1])
    return np.swapaxes(np.linalg.solve(factor, np.swapaxes(centred, 1, 2)), 1, 2)


def _statistic(n: int, dim: int, beta: float, pair_sum: Any, norms: Any) -> Any:
    square = beta * beta
    centre = (norms * (-square / (2 * (1 + square)))).exp().sum(-1)
    return pair_sum / n - 2 * (1 + square) ** (-dim / 2) * centre + n * (1 + 2 * square) ** (-dim / 2)


def bhep_statistic(z: Any, *, beta: float | None = None) -> float:
    """The statistic against N(0, I) itself: neither centred nor whitened, so N(5, 9I) does not pass.

    Args:
        z: (n, d) numbers.
        beta: smoothing; Henze and Zirkler's choice for (n, d) if omitted.

    Returns: T >= 0 up to rounding; its law under N(0, I) depends on n, d and beta.

    Raises: InvalidInputError: for anything but a finite matrix of at least 2 rows.

    Source: Baringhaus & Henze (1988), Metrika 35, 339–348; Epps & Pulley (1983).
    """
    return _of_points(embedding_matrix("z", z, minimum_rows=2), beta)


def _of_points(points: np.ndarray, beta: float | None = None) -> float:
    n, dim = points.shape
    beta = _beta(n, dim) if beta is None else positive("beta", beta)
    tensor = torch.from_numpy(np.ascontiguousarray(points))
    # Distances between rows do not depend on the origin: around the median their expansion keeps the most digits.
    centred = tensor - tensor.median(0).values
    centred *= beta
    squares = centred.square().sum(1)
    if float(squares.max()) < _FAR:
        with one_blas_thread():
            pairs = pair_sum(centred, squares / -2)
    else:
        pairs = _pair_sum_by_differences(centred)
    return float(_statistic(n, dim, beta, pairs, tensor.square().sum(1)))


def _pair_sum_by_differences(points: torch.Tensor) -> float:
    """Sum of exp(−‖a − b‖²/2) over all ordered pairs; several times slower than the expansion, and exact at any scale."""
    total = 0.0
    for rows in points.split(BLOCK):
        distances = torch.cdist(rows, points, compute_mode="donot_use_mm_for_euclid_dist")
        total += float((distances.square_() / -2).exp_().sum())
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
    return _of_points(whiten(embedding_matrix("z", z, minimum_rows=2)))


def simulated_statistics(batch: np.ndarray, *, composite: bool) -> np.ndarray:
    """Statistics of many samples of one size, (m, n, d) to (m,); for calibration."""
    samples, n, dim = batch.shape
    if n > BLOCK:
        return each_sample(batch, lambda z: _of_points(whiten(z) if composite else z))
    if composite:
        batch = whiten_batch(batch)
    beta = _beta(n, dim)
    at_once = max(1, 2_000_000 // (n * n))
    parts = []
    for start in range(0, samples, at_once):
        points = torch.from_numpy(np.ascontiguousarray(batch[start : start + at_once]))
        norms = points.square().sum(2)
        sums = batched_pair_sums(points * beta, norms * (-beta * beta / 2))
        parts.append(_statistic(n, dim, beta, sums, norms).numpy())
    return np.concatenate(parts)


def henze_zirkler(z: Any, *, simulations: int = 1999, seed: int = 0) -> HenzeZirklerResult:
    """The Henze–Zirkler test with a p-value calibrated at exactly this n and d.

    Args:
        z: (n, d) numbers, n > d, with non-singular covariance.
        simulations: null samples B; the least p is 1/(B+1). They are made once per (n, d) and cached.
        seed: of the null samples.

    Returns: statistic and p-value; small p: not normal, whatever mean and covariance.

    Raises: InvalidInputError: as :func:`henze_zirkler_statistic`.
    """
    statistic = henze_zirkler_statistic(z)
    n, dim = np.shape(z)
    p_value = calibrated_p_value("henze_zirkler", statistic, n, dim, simulations=simulations, seed=seed)
    return HenzeZirklerResult(statistic, p_value, n, dim)
