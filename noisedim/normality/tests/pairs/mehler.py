"""n times the log of the mean of Mehler's kernel over pairs: every Hermite moment, weighed by its order.

Source: new, claim dual-hermite; :func:`noisedim.bounds.gaussian_dual_kernel`.
"""

import math

import numpy as np
import torch

from noisedim.normality.mehler import log_mean, log_row_means, mehler_ratio
from noisedim.normality.summaries.pair_sums import batched_pair_sums
from noisedim.normality.summaries.sharing import shared
from noisedim.normality.tests.base import Batch, CalibratedTest, Kernel, KernelLimit, Moments

__all__ = ["TESTS", "mehler_moments", "mehler_test_rows", "mehler_test_sigma"]


def mehler_test_sigma(dim: int) -> float:
    """σ = d^{1/4}: 1 in one dimension; in more it grows, so that the kernel's variance stays below e − 1."""
    return dim**0.25


@shared
def mehler_test_rows(z: np.ndarray) -> np.ndarray:
    """Of each row, the log of the mean kernel over the others; the divergence from the prior needs the same."""
    return log_row_means(z, mehler_test_sigma(z.shape[1]))


def mehler_moments(n: int, dim: int, sigma: float | None = None) -> Moments:
    """Of n times (mean of κ over pairs − 1) under N(0, I), of which the statistic is the log; exact."""
    sigma = mehler_test_sigma(dim) if sigma is None else sigma
    square = math.expm1(-dim * math.log1p(-(mehler_ratio(sigma) ** 2)))
    return 0.0, math.sqrt(2 * n / (n - 1) * square)


def _batched(batch: Batch) -> np.ndarray:
    n, dim = batch.rows.shape[1:]
    r = mehler_ratio(mehler_test_sigma(dim))
    constant = -dim / 2 * math.log1p(-r * r)
    weights = batch.squared_norms * (-r * r / (2 * (1 - r * r))) + constant / 2
    pairs = batched_pair_sums(batch.points, r / (1 - r * r), weights)
    return np.asarray(n * torch.log(pairs / (n * (n - 1))))


def _kernel(dim: int, rows: int | None) -> Kernel:
    r = mehler_ratio(mehler_test_sigma(dim))
    constant = -dim / 2 * math.log1p(-r * r)
    return lambda x, y, inner: np.exp((2 * r * inner - r * r * (x + y)) / (2 * (1 - r * r)) + constant)


TESTS = (
    CalibratedTest(
        beyond_table=0.2,
        over_pairs=True,
        name="mehler",
        null="simple",
        single=lambda z: len(z) * log_mean(mehler_test_rows(z)),
        batched=_batched,
        moments=mehler_moments,
        limit=KernelLimit(_kernel),
        words="some Hermite moment differs from the prior's",
        effect="d2",
    ),
)
