"""All second moments at once: n/2·‖ZᵀZ/n − I‖²_F.

Source: Nagao (1973), Annals of Statistics 1, 700–709, with the mean known.
"""

import numpy as np

from noisedim.normality.tests.base import (
    Batch,
    CalibratedTest,
    ChiSquareLimit,
    Moments,
    bounded,
    moments_of_degenerate_kernel,
)

__all__ = ["TESTS", "covariance_moments", "covariance_statistic"]


def covariance_statistic(z: np.ndarray) -> float:
    """About d(d+1)/2 under N(0, I). Values beyond ±1e30 count as that."""
    z = bounded(z)
    return float(len(z) / 2 * ((z.T @ z / len(z) - np.eye(z.shape[1])) ** 2).sum())


def _batched(batch: Batch) -> np.ndarray:
    rows = batch.rows
    n, dim = rows.shape[1:]
    return np.asarray(n / 2 * ((np.swapaxes(rows, 1, 2) @ rows / n - np.eye(dim)) ** 2).sum((1, 2)))


def covariance_moments(n: int, dim: int) -> Moments:
    """Under N(0, I); exact."""
    # h(x, x) = (R² − 2R + d)/2 with R ~ χ²_d, whose raw moments are d(d+2)…
    raw = [1.0]
    for k in range(4):
        raw.append(raw[-1] * (dim + 2 * k))
    variance = (raw[4] - raw[2] ** 2 - 4 * (raw[3] - raw[2] * raw[1]) + 4 * (raw[2] - raw[1] ** 2)) / 4
    return moments_of_degenerate_kernel(n, dim * (dim + 1) / 2, variance, dim * (dim + 1) / 2)


TESTS = (
    CalibratedTest(
        name="covariance",
        null="simple",
        single=covariance_statistic,
        batched=_batched,
        moments=covariance_moments,
        limit=ChiSquareLimit(lambda dim: dim * (dim + 1) / 2),
        words="the covariance is not I",
        effect="effective_rank",
    ),
)
