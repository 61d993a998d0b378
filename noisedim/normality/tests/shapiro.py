"""Shapiro–Wilk for many samples at once, and its test of random projections.

Source: Royston (1995), Algorithm AS R94, Applied Statistics 44, 547–551.
"""

import math
from typing import Any

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.normality.tests.base import CalibratedTest, ProjectionTest, SurfaceForm

__all__ = ["TESTS", "shapiro_wilk"]


def shapiro_wilk(values: Any, *, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Shapiro–Wilk's W and Royston's approximate p-value along ``axis``, for any number of samples at once.

    Args:
        values: array with at least 12 finite values along ``axis``.
        axis: along which a sample lies.

    Returns: W in (0, 1] and p. Royston fitted p up to 5,000 values; above, it is NaN: calibrate W by simulation.

    Raises: InvalidInputError: for fewer than 12 values.

    Source: Royston (1995), Algorithm AS R94, Applied Statistics 44, 547–551.

    >>> w, p = shapiro_wilk(np.arange(20.0))
    >>> print(round(float(w), 3), round(float(p), 2))
    0.96 0.55
    """
    from scipy.special import ndtr

    x = np.sort(np.moveaxis(np.asarray(values, dtype=np.float64), axis, -1), axis=-1)
    n = x.shape[-1]
    if n < 12:
        raise InvalidInputError(f"Shapiro–Wilk needs at least 12 values; got {n}")
    x = x - x.mean(-1, keepdims=True)
    # 1 − W = Σ(x − (Σax)a)²/Σx², as a and x are centred and Σa² = 1: near 1, W alone would lose the digits.
    weights = _shapiro_weights(n)
    squares = (x**2).sum(-1)
    with np.errstate(invalid="ignore"):  # a constant sample has no W
        residual = x - (x @ weights)[..., None] * weights
        lack = (residual**2).sum(-1) / squares
        if n > 5000:
            return 1 - lack, np.full(lack.shape, np.nan)
        y = math.log(n)
        centre = np.polyval([0.0038915, -0.083751, -0.31082, -1.5861], y)
        scale = math.exp(np.polyval([0.0030302, -0.082676, -0.4803], y))
        return 1 - lack, ndtr((centre - np.log(np.maximum(lack, 1e-300))) / scale)


def _shapiro_weights(n: int) -> np.ndarray:
    """Royston's approximation to the best weights of the order statistics, (n,), antisymmetric, Σa² = 1."""
    from scipy.special import ndtri

    m = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    u, total = 1 / math.sqrt(n), float((m**2).sum())
    last = np.polyval([-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, m[-1] / math.sqrt(total)], u)
    second = np.polyval([-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, m[-2] / math.sqrt(total)], u)
    inner = (total - 2 * m[-1] ** 2 - 2 * m[-2] ** 2) / (1 - 2 * last**2 - 2 * second**2)
    weights = m / math.sqrt(inner)
    weights[[0, 1, -2, -1]] = [-last, -second, second, last]
    return weights


_VARIABLE = CalibratedTest(
    name="shapiro",
    null="one_dimensional",
    batched=lambda batch: 1 - shapiro_wilk(batch.rows, axis=1)[0],
    transform=lambda lack: np.log(np.maximum(lack, 1e-300)),
    table=SurfaceForm(
        knots=(), terms=("one", "log", "log_square", "log_cube", "root", "inverse"), reach=((1, 0, 100_000),)
    ),
    words="order statistics are not the normal's",
)
TESTS = (
    _VARIABLE,
    ProjectionTest(
        name="shapiro_projections",
        null="composite",
        variable=_VARIABLE,
        words="a projection's order statistics are not the normal's",
        effect="max_sliced_w2",
        grows="root",
    ),
)
