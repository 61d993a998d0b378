"""The Henze–Zirkler statistic: BHEP of whitened rows with a kernel that narrows as n grows.

In many dimensions its law is that of the nearest pairs of rows: no limit law is near, so more cells are simulated for it.

Source: Henze & Zirkler (1990), Communications in Statistics – Theory and Methods 19, 3595–3617.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from noisedim.normality.tests.base import Batch, CalibratedTest, Kernel, KernelLimit, Moments, OwnCell, SurfaceForm
from noisedim.normality.tests.pairs.bhep import batched_excess, bhep_excess, gaussian_kernel, whitened_moments

__all__ = [
    "HENZE_ZIRKLER",
    "TESTS",
    "henze_zirkler_beta",
    "henze_zirkler_moments",
    "henze_zirkler_statistics",
    "pair_weight",
]

# In few dimensions the limit law is accurate enough for many rows. From _PAIRS_DIM on, the law at many rows is simulated;
# from _NEAREST_DIM on, where a few near pairs of rows determine it, also at fewer rows and in dimensions in between.
_MANY_ROWS = (2_500, 5_000, 10_000)
_PAIRS_DIM, _NEAREST_DIM, _LARGEST_DIM = 12, 48, 128
_NEAREST_DIMS = (56, 80, 112)
_LARGEST_PAIR_WEIGHT = 0.05


def henze_zirkler_beta(n: int, dim: int) -> float:
    """Henze and Zirkler's smoothing parameter."""
    return ((2 * dim + 1) * n / 4) ** (1 / (dim + 4)) / math.sqrt(2)


def henze_zirkler_moments(n: int, dim: int) -> Moments:
    """Of the limit at the β of n and d, with a scale that never exceeds n.

    In many dimensions the limit's standard deviation comes from events that n rows never show; the statistic varies by about n.
    """
    mean, deviation = whitened_moments(dim, henze_zirkler_beta(n, dim))
    return mean, deviation / (1 + deviation / n)


def pair_weight(rows: int, dim: int) -> float:
    """Skewness of the sum of the kernel over pairs as if pairs were independent: how far the law is from its limit."""
    b = henze_zirkler_beta(rows, dim) ** 2
    log_cube, log_square = -dim / 2 * math.log1p(6 * b), -dim / 2 * math.log1p(4 * b)
    return math.exp(log_cube - 1.5 * log_square) / math.sqrt(rows * (rows - 1) / 2)


def _kernel(dim: int, rows: int | None) -> Kernel | None:
    if rows is None or pair_weight(rows, dim) >= _LARGEST_PAIR_WEIGHT:
        return None
    return gaussian_kernel(henze_zirkler_beta(rows, dim))


def _unit(dim: int, rows: int | None, deviation: float) -> float:
    if rows is None:
        return 1.0
    return whitened_moments(dim, henze_zirkler_beta(rows, dim))[1] / henze_zirkler_moments(rows, dim)[1]


def _own_cells(dims: Sequence[int], rows: Sequence[int]) -> Iterator[OwnCell]:
    for dim in sorted({*dims, *_NEAREST_DIMS}):
        if not _PAIRS_DIM <= dim <= _LARGEST_DIM:
            continue
        fewer = {3 * dim} | {n for n in rows if n > 3 * dim} if dim >= _NEAREST_DIM else set()
        for n in sorted(fewer) + list(_MANY_ROWS if dim in dims else []):
            microseconds = n * n * (1.5 + 0.025 * dim) / 1e3 + n * dim * 0.1
            yield OwnCell(n, dim, microseconds, 20 if n < 2_000 else 30)


def _single(white: np.ndarray) -> float:
    return bhep_excess(white, henze_zirkler_beta(*white.shape), single=True)


HENZE_ZIRKLER = CalibratedTest(
    over_pairs=True,
    name="henze_zirkler",
    null="composite",
    single=_single,
    batched=lambda batch: batched_excess(batch, henze_zirkler_beta(*batch.rows.shape[1:])),
    moments=henze_zirkler_moments,
    limit=KernelLimit(_kernel, estimated=True, unit=_unit),
    table=SurfaceForm(
        knots=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
        terms=("one", "log", "log_square", "share_root", "share", "share_square"),
        reach=((32, 2, 100_000), (_LARGEST_DIM, 3, _MANY_ROWS[-1])),
        stretched=True,
        limit_rows=(5_000, 20_000, 100_000),
        own_cells=_own_cells,
    ),
    in_every_battery=True,
    words="the joint law is not normal (characteristic functions, narrow kernel)",
    effect="knn_kl",
)


def henze_zirkler_statistics(white: np.ndarray) -> np.ndarray:
    """The scaled statistics of (m, n, d) whitened samples in float64, (m,)."""
    shape = white.shape[1:]
    excess = batched_excess(Batch(white), henze_zirkler_beta(*shape), torch.float64)
    return HENZE_ZIRKLER.scaled(excess, *shape)


TESTS = (HENZE_ZIRKLER,)
