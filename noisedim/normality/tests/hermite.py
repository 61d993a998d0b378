"""Third and fourth Hermite moments of all coordinates, of the rows as they are or whitened.

Source: the smooth test of Neyman with Hermite polynomials; Rayner, Thas & Best (2009), Smooth Tests of Goodness of Fit,
2nd edition, chapter 6.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from noisedim.normality.summaries.moments import bounded, row_blocks
from noisedim.normality.tests.base import (
    Batch,
    CalibratedTest,
    ChiSquareLimit,
    Contribution,
    Moments,
    SurfaceForm,
    degenerate_moments,
)

__all__ = ["TESTS", "hermite_contribution", "hermite_moments", "hermite_statistic"]


def hermite_statistic(z: np.ndarray) -> float:
    """n Σ_i [(mean h₃(z_i))² + (mean h₄(z_i))²], about 2d under N(0, I). Values are clipped to ±1e30.

    Its law under N(0, I) has a heavy tail, of fourth powers: the null table is computed from the law of one coordinate.
    """
    z = bounded(z)
    n, dim = z.shape
    third, fourth = np.zeros(dim), np.zeros(dim)
    for block in row_blocks(n, dim):
        rows = z[block]
        square = rows * rows
        third += np.einsum("ij,ij->j", square - 3, rows)
        fourth += np.einsum("ij,ij->j", square - 6, square)
    return n * float(((third / n) ** 2 / 6 + (fourth / n + 3) ** 2 / 24).sum())


def _batched(batch: Batch) -> np.ndarray:
    rows = batch.rows
    square = rows * rows
    third = ((square - 3) * rows).mean(1) ** 2 / 6
    fourth = (square * (square - 6) + 3).mean(1) ** 2 / 24
    return np.asarray(rows.shape[1] * (third + fourth).sum(1))


@lru_cache(maxsize=1)
def _diagonal_variance() -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    diagonal = (nodes**3 - 3 * nodes) ** 2 / 6 + (nodes**4 - 6 * nodes**2 + 3) ** 2 / 24
    return float(weights @ diagonal**2 - (weights @ diagonal) ** 2)


def hermite_moments(n: int, dim: int) -> Moments:
    """Under N(0, I); exact. Of whitened rows it is a convention."""
    return degenerate_moments(n, 2.0 * dim, dim * _diagonal_variance(), 2.0 * dim)


# Values beyond this are left out: 20 rows of 4,096 coordinates have one with probability 2e-7.
_FARTHEST, _NODES = 7.0, 2_000_001
# Points for the sums of h₃ and of h₄; how many of their standard deviations the grid spans in addition to what one far value
# adds, and how many of these lie below 0.
_GRID = (1024, 4096)
_DEVIATIONS, _DEVIATIONS_BELOW = 18.0, 9.0
_NOTHING = 1e-40
_GROUPS = 200_000


def hermite_contribution(n: int, grid: tuple[int, int] = _GRID) -> Contribution:
    """The law of one coordinate's part, from that of its two sums over n rows: the n-th power of a Fourier transform.

    Tail probabilities of a part are within 0.3% of those on a finer grid, for n from 20 to 30,000 and down to 1e-5.

    Args:
        n: rows, 20 to 30,000: of more, a row's values are too near each other for the grid.
        grid: points for the sums of h₃ and of h₄.

    Returns: at most 200,000 values, in standard deviations of a part from its mean, with their probabilities.
    """
    x = np.linspace(-_FARTHEST, _FARTHEST, _NODES)
    weights = np.exp(-x * x / 2)
    weights /= weights.sum()
    rows = np.stack([(x * x - 3) * x, (x * x - 6) * x * x + 3])
    deviations = np.sqrt([6 * n, 24 * n])
    steps = (rows[:, -1] * [2, 1] + _DEVIATIONS * deviations) / grid
    transform = _transform(rows / steps[:, None], weights, grid, n)
    law = np.fft.irfft2(transform**n, grid).clip(min=0)
    # The grid is a torus. Sums of h₃ are as far from 0 on both sides, those of h₄ farther above.
    below = np.round([grid[0] / 2, _DEVIATIONS_BELOW * deviations[1] / steps[1]])
    sums = [((np.arange(k) + b) % k - b) * step for k, b, step in zip(grid, below, steps, strict=True)]
    values = (sums[0] ** 2 / 6)[:, None] + sums[1] ** 2 / 24
    mean, deviation = hermite_moments(n, 1)
    return _grouped((values.ravel() / n - mean) / deviation, law.ravel() / law.sum())


def _transform(points: np.ndarray, weights: np.ndarray, grid: tuple[int, int], n: int) -> np.ndarray:
    """Of the law of (2, k) points in units of the grid, for its n-th power.

    A point is split among the four of the grid around it. That keeps the means and the covariance; what it adds to the
    variances is taken off.
    """
    below = np.floor(points)
    share = points - below
    law = np.zeros(grid[0] * grid[1])
    for first in (0, 1):
        for second in (0, 1):
            place = (below[0] + first) % grid[0] * grid[1] + (below[1] + second) % grid[1]
            part = np.abs(1 - first - share[0]) * np.abs(1 - second - share[1])
            law += np.bincount(place.astype(np.int64), weights * part, len(law))
    found = np.fft.rfft2(law.reshape(grid))
    # The n-th power is nothing there: the correction is not to bring it back.
    found[np.abs(found) < _NOTHING ** (1 / n)] = 0
    added = (share * (1 - share)) @ weights
    frequencies = 2 * np.pi * np.fft.fftfreq(grid[0])[:, None], 2 * np.pi * np.fft.rfftfreq(grid[1])
    return np.asarray(found * np.exp((added[0] * frequencies[0] ** 2 + added[1] * frequencies[1] ** 2) / 2))


def _grouped(values: np.ndarray, probabilities: np.ndarray) -> Contribution:
    """Values next to each other are replaced by their mean: finely where they are probable, in steps that grow with them."""
    low = float(values.min())
    place = (np.log1p((values - low) * 100) * (_GROUPS / np.log1p((values.max() - low) * 100))).astype(np.int64)
    mass = np.bincount(place, probabilities)
    kept = mass > 0
    return Contribution(np.bincount(place, probabilities * values)[kept] / mass[kept], mass[kept])


_SIMPLE = CalibratedTest(
    beyond_table=0.2,
    contribution=hermite_contribution,
    name="hermite",
    null="simple",
    single=hermite_statistic,
    batched=_batched,
    moments=hermite_moments,
    limit=ChiSquareLimit(lambda dim: 2 * dim),
    # Fourth moments approach their limit law slowly.
    table=SurfaceForm(
        knots=(0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0),
        terms=("one", "log", "log_square", "log_cube", "root", "inverse", "power"),
        reach=((4096, 0, None),),
        stretched=True,
    ),
    words="coordinates' third or fourth moments are not the normal's",
    effect="kurtosis_error",
)
TESTS = (
    _SIMPLE,
    replace(
        _SIMPLE,
        name="hermite_composite",
        null="composite",
        table=None,
        contribution=None,
        beyond_table=None,
        words="whitened coordinates' third or fourth moments are not the normal's",
    ),
)
