"""All second moments at once: n/2·‖ZᵀZ/n − I‖²_F.

Source: Nagao (1973), Annals of Statistics 1, 700–709, with the mean known.
"""

import numpy as np

from noisedim.normality.summaries.moments import bounded, second_moments
from noisedim.normality.tests.base import Batch, CalibratedTest, ChiSquareLimit, Moments, degenerate_moments

__all__ = ["TESTS"]


def _statistic(z: np.ndarray) -> float:
    return float(len(z) / 2 * ((second_moments(z) - np.eye(z.shape[1])) ** 2).sum())


def _statistics(batch: Batch) -> np.ndarray:
    """About d(d+1)/2 under N(0, I). Values are clipped to ±1e30."""
    rows = bounded(batch.rows)
    n, dim = rows.shape[1:]
    return np.asarray(n / 2 * ((np.swapaxes(rows, 1, 2) @ rows / n - np.eye(dim)) ** 2).sum((1, 2)))


def _moments(n: int, dim: int) -> Moments:
    """Under N(0, I); exact."""
    # h(x, x) = (R² − 2R + d)/2 with R ~ χ²_d, whose raw moments are d(d+2)…
    raw = [1.0]
    for k in range(4):
        raw.append(raw[-1] * (dim + 2 * k))
    variance = (raw[4] - raw[2] ** 2 - 4 * (raw[3] - raw[2] * raw[1]) + 4 * (raw[2] - raw[1] ** 2)) / 4
    return degenerate_moments(n, dim * (dim + 1) / 2, variance, dim * (dim + 1) / 2)


TESTS = (
    CalibratedTest(
        beyond_table=0.2,
        name="covariance",
        null="simple",
        single=_statistic,
        batched=_statistics,
        moments=_moments,
        limit=ChiSquareLimit(lambda dim: dim * (dim + 1) / 2),
        words="the covariance is not I",
        effect="effective_rank",
    ),
)
