r"""The BHEP tests: the empirical characteristic function against the normal's, with a kernel of fixed width.

.. math:: T = n\Bigl[\tfrac1{n^2}\sum_{jk} e^{-\beta^2 D_{jk}/2} - \tfrac{2}{(1+\beta^2)^{d/2}}\tfrac1n\sum_j
          e^{-\beta^2 D_j/(2(1+\beta^2))} + (1+2\beta^2)^{-d/2}\Bigr]

with D the squared distances between rows and to the origin: of the rows as they are (``bhep``) or whitened
(``bhep_composite``). The Henze–Zirkler test is the same with a kernel that narrows with n.

Source: Baringhaus & Henze (1988), Metrika 35, 339–348; Epps & Pulley (1983).
"""

import math

import numpy as np
import torch

from noisedim.normality.summaries.pair_sums import BLOCK, batched_pair_sums, one_blas_thread, pair_sum
from noisedim.normality.tests.base import Batch, CalibratedTest, Kernel, KernelLimit, Moments, degenerate_moments

__all__ = [
    "TESTS",
    "batched_excess",
    "bhep_beta",
    "bhep_excess",
    "bhep_moments",
    "bhep_statistic",
    "gaussian_kernel",
    "whitened_moments",
]

# From this ‖βx‖² on, ⟨a,b⟩ − ‖a‖²/2 − ‖b‖²/2 rounds by more than 1e-7. Whitened rows are below n·β².
_FAR = 1e8


def bhep_beta(dim: int) -> float:
    """β = d^{−1/2}: Epps and Pulley's 1 in one dimension, and e^{−β²‖a−b‖²/2} about 1/e for two rows in any."""
    return dim**-0.5


def bhep_statistic(z: np.ndarray, beta: float, *, single: bool = False) -> float:
    """T of the rows as they are: neither centred nor whitened, so N(5, 9I) does not pass.

    ``single`` as for :func:`~noisedim.normality.summaries.pair_sums.pair_sum`.
    """
    return 1 + _excess(z, beta, 0.0, single=single)


def bhep_excess(points: np.ndarray, beta: float, *, single: bool = False) -> float:
    """(T − 1)·(1+2β²)^{d/2} of the rows as they are; arguments as :func:`bhep_statistic`.

    T holds a 1 for every row with itself. In many dimensions the rest is far smaller (10⁻¹⁵ at d = 64) but is all that
    varies, so the 1 is left out.
    """
    return _excess(points, beta, points.shape[1] / 2 * math.log1p(2 * beta * beta), single=single)


def _excess(points: np.ndarray, beta: float, shift: float, *, single: bool) -> float:
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
            pairs = pair_sum(centred, squares / -2 + shift / 2, single=single)
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
        own = torch.arange(len(rows), device=rows.device)
        exponents[own, start + own] = -torch.inf
        total += float(exponents.exp_().sum())
    return total


def batched_excess(batch: Batch, beta: float, dtype: torch.dtype = torch.float32) -> np.ndarray:
    """:func:`bhep_excess` of each sample, with pair sums in ``dtype``."""
    n, dim = batch.rows.shape[1:]
    b = beta * beta
    shift = dim / 2 * math.log1p(2 * b)
    norms = batch.squared_norms
    centre = (norms * (-b / (2 * (1 + b))) + (shift - dim / 2 * math.log1p(b))).exp().sum(1)
    pairs = batched_pair_sums(batch.points, b, norms * (-b / 2) + shift / 2, dtype)
    return np.asarray(pairs / n - 2 * centre + n)


def _batched_simple(batch: Batch) -> np.ndarray:
    n, dim = batch.rows.shape[1:]
    b = bhep_beta(dim) ** 2
    centre = (batch.squared_norms * (-b / (2 * (1 + b)))).exp().sum(1)
    pairs = batched_pair_sums(batch.points, b, batch.squared_norms * (-b / 2))
    return np.asarray(1 + pairs / n - 2 * (1 + b) ** (-dim / 2) * centre + n * (1 + 2 * b) ** (-dim / 2))


def bhep_moments(n: int, dim: int, beta: float | None = None) -> Moments:
    """Of T under N(0, I); exact.

    Source: Baringhaus & Henze (1988), Metrika 35, 339–348, and the integrals of products of normal densities.
    """
    beta = bhep_beta(dim) if beta is None else beta
    b = beta * beta
    c = (1 + 2 * b) ** (-dim / 2)
    centre_square = (1 + b) ** -dim * (1 + 2 * b / (1 + b)) ** (-dim / 2)
    square = (1 + 4 * b) ** (-dim / 2) - 2 * centre_square + c * c
    return degenerate_moments(n, 1 - c, 4 * (centre_square - c * c), square)


def whitened_moments(dim: int, beta: float) -> Moments:
    """Of (T − 1)·(1+2β²)^{d/2} of whitened rows, in the limit of many rows at this β.

    Source: Henze & Zirkler (1990), Communications in Statistics – Theory and Methods 19, 3595–3617, Theorem 2.1.
    """
    b = beta**2
    a = 1 + 2 * b
    w = (1 + b) * (1 + 3 * b)
    mean = -(1 + dim * b / a + dim * (dim + 2) * b**2 / (2 * a**2))
    square = (
        2 * (a * a / (1 + 4 * b)) ** (dim / 2)
        + 2 * (1 + 2 * dim * b**2 / a**2 + 3 * dim * (dim + 2) * b**4 / (4 * a**4))
        - 4 * (a * a / w) ** (dim / 2) * (1 + 3 * dim * b**2 / (2 * w) + dim * (dim + 2) * b**4 / (2 * w**2))
    )
    return mean, math.sqrt(square)


def gaussian_kernel(beta: float) -> Kernel:
    """e^{−β²‖x − y‖²/2}."""
    square = beta**2
    return lambda x, y, inner: np.exp(-square / 2 * (x + y - 2 * inner))


TESTS = (
    CalibratedTest(
        beyond_table=0.2,
        over_pairs=True,
        name="bhep",
        null="simple",
        single=lambda z: bhep_statistic(z, bhep_beta(z.shape[1]), single=True),
        batched=_batched_simple,
        moments=bhep_moments,
        limit=KernelLimit(lambda dim, rows: gaussian_kernel(bhep_beta(dim))),
        words="the joint law is not N(0, I) (characteristic functions)",
        effect="sliced_w2",
    ),
    CalibratedTest(
        over_pairs=True,
        name="bhep_composite",
        null="composite",
        single=lambda white: bhep_excess(white, bhep_beta(white.shape[1])),
        batched=lambda batch: batched_excess(batch, bhep_beta(batch.rows.shape[2]), torch.float64),
        moments=lambda n, dim: whitened_moments(dim, bhep_beta(dim)),
        limit=KernelLimit(lambda dim, rows: gaussian_kernel(bhep_beta(dim)), estimated=True),
        words="the joint law is not normal (characteristic functions, wide kernel)",
    ),
)
