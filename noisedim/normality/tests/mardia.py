"""Mardia's skewness and kurtosis of the joint law, of whitened rows.

Source: Mardia (1970), Biometrika 57, 519–530; Mardia (1974), Sankhyā B 36, 115–128.
"""

import math
from typing import Any

import numpy as np
import torch

from noisedim.normality.summaries.moments import row_blocks, squares
from noisedim.normality.tests.base import Batch, CalibratedTest, ChiSquareLimit, Moments, NormalLimit

__all__ = ["TESTS", "mardia_kurtosis", "mardia_skewness"]

# Products n·d³ above which the time that single precision saves is worth its digits.
_MOST_IN_DOUBLE = 1e9


def mardia_skewness(white: np.ndarray) -> float:
    """n·b₁/6 with b₁ Mardia's skewness: about χ² with d(d+1)(d+2)/6 degrees of freedom for a normal law.

    Of many rows and coordinates, products of a block are summed in single precision, as for the null tables.
    """
    n, dim = white.shape
    precision: np.dtype[Any] = np.dtype(np.float32 if n * dim**3 > _MOST_IN_DOUBLE else np.float64)
    # b₁ is the squared norm of the symmetric third-moment tensor: n·d³/6 products instead of n²·d.
    products = [np.zeros((j + 1, dim - j)) for j in range(dim)]
    for block in row_blocks(n, dim):
        rows = white[block].astype(precision)
        for j in range(dim):  # of E zᵢzⱼzₖ only i ≤ j ≤ k
            products[j] += (rows[:, : j + 1] * rows[:, j : j + 1]).T @ rows[:, j:]
    total = 0.0
    for sums in products:
        found = (sums / n) ** 2
        # All three different count six times; i = j or j = k three times; all equal once.
        total += float(6 * found[:-1, 1:].sum() + 3 * (found[-1, 1:].sum() + found[:-1, 0].sum()) + found[-1, 0])
    return n / 6 * total


def mardia_kurtosis(white: np.ndarray) -> float:
    """b₂, the mean fourth power of Mahalanobis distances: about d(d+2) for a normal law."""
    return float((squares(white).rows ** 2).mean())


def _batched_skewness(batch: Batch) -> np.ndarray:
    low = batch.points.float()
    products = torch.bmm(low, low.transpose(1, 2))
    return np.asarray(products.square().mul_(products).sum((1, 2)).double().numpy() / batch.rows.shape[1] / 6)


def _skewness_moments(n: int, dim: int) -> Moments:
    """Exact mean, the limit's standard deviation."""
    mean = n / 6 * dim * (dim + 2) / ((n + 1) * (n + 3)) * ((n + 1) * (dim + 1) - 6)
    return mean, math.sqrt(dim * (dim + 1) * (dim + 2) / 3)


def _kurtosis_moments(n: int, dim: int) -> Moments:
    """Exact."""
    mean = dim * (dim + 2) * (n - 1) / (n + 1)
    square = 8 * dim * (dim + 2) * (n - 3) * (n - dim - 1) * (n - dim + 1) / ((n + 1) ** 2 * (n + 3) * (n + 5))
    return mean, math.sqrt(square)


TESTS = (
    CalibratedTest(
        name="mardia_skewness",
        null="composite",
        single=mardia_skewness,
        batched=_batched_skewness,
        moments=_skewness_moments,
        limit=ChiSquareLimit(lambda dim: dim * (dim + 1) * (dim + 2) / 6),
        in_every_battery=True,
        words="third moments of the joint law are not those of a normal law",
        effect="skewness_error",
    ),
    CalibratedTest(
        beyond_table=0.2,
        name="mardia_kurtosis",
        null="composite",
        single=mardia_kurtosis,
        batched=lambda batch: batch.squared_norms.square().mean(1).numpy(),
        moments=_kurtosis_moments,
        limit=NormalLimit(),
        two_sided=True,
        in_every_battery=True,
        words="Mahalanobis distances are not spread as those of a normal law",
        effect="kurtosis_error",
        grows="root",
    ),
)
