"""What a test of normality is: a record of everything that the rest of the package needs to know about it.

An :class:`ExactTest` knows its null law in closed form, a :class:`CalibratedTest` has its null law simulated and tabulated, a
:class:`ProjectionTest` applies a calibrated test of one variable to random projections. Functions take checked arrays:
(n, d) float64, finite, one row per observation.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.normality.summaries.moments import largest_value, row_blocks
from noisedim.normality.summaries.pair_sums import each_sample
from noisedim.normality.summaries.sharing import shared

__all__ = [
    "LOOKS_FOR_THE_IMPOSSIBLE",
    "Batch",
    "CalibratedTest",
    "ChiSquareLimit",
    "Contribution",
    "ExactTest",
    "ImpossibilityTest",
    "Kernel",
    "KernelLimit",
    "Moments",
    "NormalLimit",
    "Outcome",
    "OwnCell",
    "ProjectionTest",
    "SurfaceForm",
    "Test",
    "degenerate_moments",
    "float_digits",
    "rounding_of",
]

Null = Literal["simple", "composite", "uniform", "one_dimensional"]
LOOKS_FOR_THE_IMPOSSIBLE = 0.1
"""Weight of a test of what normal rows never do but for rounding or chance far below any level."""
Moments = tuple[float, float]
"""Mean and standard deviation."""
Kernel = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From ‖x‖², ‖y‖² and ⟨x, y⟩, which broadcast."""


@dataclass(frozen=True)
class Outcome:
    """What a test measured (large: departs from the null) and how rare that is under the null.

    Attributes:
        statistic, p_value: both.
        note: what was found, for people: which rows, which coordinate; empty if there is nothing to name.
        direction: (d,) of unit length, for tests that look for one.
    """

    statistic: float
    p_value: float
    note: str = ""
    direction: np.ndarray | None = None


@dataclass(frozen=True)
class Test:
    """What all tests have.

    Attributes:
        name: of the test, as results list it.
        null: ``simple``: N(0, I) itself; ``composite``: any normal law, whatever its mean and covariance; ``uniform``:
            U[0, 1]^d; ``one_dimensional``: any normal law of one variable.
        words: what a small p-value means.
        effect: which of :data:`~noisedim.normality.effects.EFFECT_WORDS` says how large the departure is.
        grows: how the statistic's normal score grows with n under a fixed departure: as ``linear`` n (sums of squares) or as
            its ``root`` (differences); ``None``: neither, so that n* cannot be extrapolated from it.
        least_dim: fewest coordinates for which the test is defined.
        weight: in the family-wise error, at most 1: less for a test that normal samples hardly ever bring near a level, and
            that gives far smaller p-values to what it looks for.
    """

    __test__: ClassVar[bool] = False  # no test of pytest's

    name: str
    null: Null
    words: str
    effect: str | None = None
    grows: Literal["linear", "root"] | None = "linear"
    least_dim: int = 1
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ImpossibilityTest(Test):
    """Looks for events of probability 0 under every normal law; it cannot raise a false alarm, so it is not counted."""

    measure: Callable[[np.ndarray], float]


@dataclass(frozen=True, kw_only=True)
class ExactTest(Test):
    """A test whose null law is known in closed form.

    Attributes:
        outcome: statistic and p-value of (n, d) rows.
        bound: p is a bound over exact laws (Bonferroni), not exact.
        needs_variation: not defined for constant coordinates.
        relative_error: of p where the law is an approximation for many rows and columns; ``None``: exact.
        defined: whether the law holds for n rows and d columns.
        sees_rounding: looks at the last digits: not run on rows that were rounded and then mapped to N(0, I).
    """

    outcome: Callable[[np.ndarray], Outcome]
    bound: bool = False
    needs_variation: bool = False
    relative_error: float | None = None
    defined: Callable[[int, int], bool] = lambda n, dim: True
    sees_rounding: bool = False


@dataclass(frozen=True)
class Batch:
    """Many samples at once: ``rows`` are (m, n, d), or (m, n) for tests of one variable."""

    rows: np.ndarray

    @cached_property
    def points(self) -> torch.Tensor:
        """The rows as a tensor on the same memory."""
        return torch.from_numpy(self.rows)

    @cached_property
    def squared_norms(self) -> torch.Tensor:
        """Of each row, (m, n)."""
        return self.points.square().sum(2)


@dataclass(frozen=True)
class NormalLimit:
    """The scaled statistic tends to N(0, 1)."""


@dataclass(frozen=True)
class ChiSquareLimit:
    """The statistic tends to a multiple of χ²; the scaled one has mean 0 and variance 1.

    Attributes:
        degrees: of freedom, by dim.
    """

    degrees: Callable[[int], float]


@dataclass(frozen=True)
class KernelLimit:
    """The statistic tends to n times the mean of a degenerate kernel over pairs of rows.

    Attributes:
        kernel: by dim and n; ``None`` where no limit law is near.
        estimated: rows are whitened by their own mean and covariance.
        unit: by dim, n and the limit's standard deviation: that of the limit in units of the scaled statistic.
    """

    kernel: Callable[[int, int | None], Kernel | None]
    estimated: bool = False
    unit: Callable[[int, int | None, float], float] = lambda dim, rows, deviation: 1.0


@dataclass(frozen=True)
class Contribution:
    """The law of what one coordinate adds to a statistic, scaled to mean 0 and variance 1.

    Attributes:
        values: (k,).
        probabilities: (k,), of the values; their sum is 1.
    """

    values: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class OwnCell:
    """A simulation for one test alone: ``seconds`` of samples that take ``microseconds`` each."""

    n: int
    dim: int
    microseconds: float
    seconds: float


@dataclass(frozen=True)
class SurfaceForm:
    """How a test's quantiles are smoothed over n and d: see :class:`~noisedim.normality.nulls.null_surfaces.Surface`.

    Attributes:
        knots: of the cubic spline in log₂ d; empty for tests of one variable.
        terms: in n, by their names in :mod:`~noisedim.normality.nulls.null_surfaces`.
        reach: largest d, and up to it least n/d and largest n (``None``: no largest), by ascending d.
        stretched: values are standardised first, because the width of the law changes by orders of magnitude.
        limit_rows: the n at which the limit law stands among the cells.
        own_cells: simulations for this test alone, from the grids of dimensions and rows that all tests share.
    """

    knots: tuple[float, ...] = (0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0)
    terms: tuple[str, ...] = ("one", "root", "inverse")
    reach: tuple[tuple[int, int, int | None], ...] = ((512, 0, None),)
    stretched: bool = False
    limit_rows: tuple[int, ...] = (1_000_000,)
    own_cells: Callable[[Sequence[int], Sequence[int]], Iterable[OwnCell]] = lambda dims, rows: ()


_FORM_OF_WHITENED = SurfaceForm(
    (0.0, 1.0, 2.0, 3.5, 5.0, 7.0), ("one", "root", "inverse", "power", "share"), ((128, 2, None),)
)


@dataclass(frozen=True, kw_only=True)
class CalibratedTest(Test):
    """A test whose null law is simulated: p-values come from the shipped tables, or from null samples of the same shape.

    Attributes:
        single: the statistic of (n, d) rows, in float64 and with bounded memory; composite tests get whitened rows.
        batched: the statistics of a :class:`Batch`, (m,). Either may be left out: the other then serves for both.
        moments: mean and standard deviation of the statistic under the null, by n and dim: exact or the limit's, or a
            convention. Tables hold the scaled statistic (value − mean)/deviation.
        transform: of the statistic before it is scaled, where its own law is too skewed to tabulate.
        limit: the law for ever more rows, if it is known.
        table: the form of the null table; one that suits the null, if omitted: see :attr:`form`.
        two_sided: small statistics are departures too.
        in_every_battery: for a composite test: also part of the battery of the simple null.
        over_pairs: the statistic sums over all pairs of rows, so that its time grows with n².
        contribution: by n, for a statistic that is a sum over coordinates, which are independent under the null: the law of
            one coordinate's part. The null table is then computed, by convolution, and not simulated.
        beyond_table: relative error of p by the limit law, with exact moments, in more dimensions than the table holds,
            an allowance from simulations at d = 640; ``None``: the limit is not used.
    """

    single: Callable[[np.ndarray], float] | None = None
    batched: Callable[[Batch], np.ndarray] | None = None
    moments: Callable[[int, int], Moments] = lambda n, dim: (0.0, 1.0)
    transform: Callable[[np.ndarray], np.ndarray] | None = None
    limit: NormalLimit | ChiSquareLimit | KernelLimit | None = None
    table: SurfaceForm | None = None
    two_sided: bool = False
    in_every_battery: bool = False
    over_pairs: bool = False
    contribution: Callable[[int], Contribution] | None = None
    beyond_table: float | None = None

    def __post_init__(self) -> None:
        if self.single is None and self.batched is None:
            raise InvalidInputError(f"the test {self.name!r} needs a statistic: single, batched, or both")
        if self.contribution is not None and self.transform is not None:
            raise InvalidInputError(f"the test {self.name!r} is transformed, and so is no sum of contributions")

    @property
    def form(self) -> SurfaceForm:
        """Of the null table."""
        return self.table or (_FORM_OF_WHITENED if self.null == "composite" else SurfaceForm())

    def scaled(self, values: Any, n: int, dim: int) -> np.ndarray:
        """Statistics as the null tables hold them."""
        mean, deviation = self.moments(n, dim)
        values = np.asarray(values, dtype=np.float64)
        return np.asarray(((values if self.transform is None else self.transform(values)) - mean) / deviation)

    def statistic(self, rows: np.ndarray) -> float:
        """The scaled statistic of (n, d) rows; composite tests get whitened rows."""
        return float(self.scaled(self._value(rows), *rows.shape))

    def statistics(self, batch: Batch) -> np.ndarray:
        """The scaled statistics of all samples of a batch, (m,)."""
        shape = batch.rows.shape
        return self.scaled(self.values(batch), shape[1], shape[2] if len(shape) == 3 else 1)

    def _value(self, rows: np.ndarray) -> float:
        return float(self.values(Batch(rows[None]))[0]) if self.single is None else self.single(rows)

    def values(self, batch: Batch) -> np.ndarray:
        """The statistics of a batch before they are scaled, (m,); (m, k) of (m, n, k) rows for tests of one variable."""
        return each_sample(batch.rows, self._value) if self.batched is None else self.batched(batch)


@dataclass(frozen=True, kw_only=True)
class ProjectionTest(Test):
    """A calibrated test of one variable, applied to random orthonormal projections; the worst of them counts.

    Attributes:
        variable: the test of one variable.
        onto: ``random``: orthonormal directions; ``axes``: the coordinates; or ``found``: those that a search finds on one
            half of the rows, the other half being tested.
        search: of ``found``: from one half's rows, (m, d), and a generator, orthonormal directions, (k, d).
    """

    variable: CalibratedTest
    onto: Literal["random", "axes", "found"] = "random"
    search: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None


def rounding_of(z: np.ndarray) -> float:
    """The largest rounding step of the shortest float format (bfloat16, float16, float32, float64) that holds all of z."""
    largest = largest_value(z)
    if largest == 0:
        return 0.0
    return float(2.0 ** (math.frexp(largest)[1] - float_digits(z)))


@shared
def float_digits(z: np.ndarray) -> int:
    """Binary digits of the shortest float format (bfloat16, float16, float32, float64) that holds all of z."""
    # Shortest first: of a block that one of them does not hold, the longer ones are asked.
    possible = {8, 11, 24}
    for block in row_blocks(*z.shape):
        rows = z[block]
        with np.errstate(over="ignore"):  # larger than that format's numbers
            single = rows.astype(np.float32)
            if not np.array_equal(single, rows):
                return 53
            if 8 in possible and (single.view(np.uint32) & 0xFFFF).any():
                possible.remove(8)
            if 11 in possible and not np.array_equal(single.astype(np.float16), single):
                possible.remove(11)
    return min(possible)


def degenerate_moments(n: int, mean: float, diagonal_variance: float, square: float) -> Moments:
    r"""Of n·mean h(z_i, z_j), exact for every n.

    .. math:: E\,T = E\,h(Z, Z), \qquad \mathrm{Var}\,T = \tfrac1n \mathrm{Var}\,h(Z,Z) + \tfrac{2(n-1)}n E\,h(Z,Z')^2

    Args:
        n: rows.
        mean: E h(Z, Z).
        diagonal_variance: Var h(Z, Z).
        square: E h(Z, Z′)².
    """
    return mean, math.sqrt(diagonal_variance / n + 2 * (n - 1) / n * square)
