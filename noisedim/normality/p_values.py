"""p-values by calibration, a statistic compared with its own law under the null at the same n and d, and their origin.

Two sources. Null tables ship with the package and are interpolated (:mod:`noisedim.normality.nulls.build_tables`); where
they do not reach, null samples of this shape are simulated once and kept (:mod:`noisedim.normality.nulls.null_samples`).

Statistics come scaled, as :class:`~noisedim.normality.tests.base.CalibratedTest` gives them. Tests reject for large ones;
those that are two-sided, for small ones too.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from noisedim.checks import positive_integer, rate
from noisedim.errors import InvalidInputError
from noisedim.normality.nulls.limit_laws import limit_tail
from noisedim.normality.nulls.null_samples import SIMULATIONS, null_statistics
from noisedim.normality.nulls.null_surfaces import (
    FLOOR,
    PROBABILITIES,
    table_error,
    table_p_values,
    table_reaches,
    table_samples,
)
from noisedim.normality.tests import calibrated

__all__ = ["BOUND", "CERTAIN", "EXACT", "Origin", "calibrated_p_value", "limit_reaches", "origin_of", "simulations_for"]


def simulations_for(alpha: float, tests: int = 1) -> int:
    """Fewest simulations with which the first step of Holm over ``tests`` tests can reject at ``alpha``.

    The smallest p-value is 1/(B+1): with fewer simulations, a calibrated test can never reject.

    Raises: InvalidInputError: if ``alpha`` is not strictly between 0 and 1, or ``tests`` < 1.

    >>> simulations_for(0.05, tests=10)
    200
    """
    if not math.isfinite(needed := positive_integer("tests", tests) / rate("alpha", alpha)):
        raise InvalidInputError(f"alpha must be large enough for a number of simulations; got {alpha!r}")
    return math.ceil(needed)


def calibrated_p_value(
    test: str,
    statistic: float,
    n: int,
    dim: int,
    *,
    simulations: int | None = None,
    seed: int = 0,
    folder: Path | str | None = None,
) -> float:
    """Probability under the null of a scaled statistic at least as extreme as this one.

    Without ``simulations``, by the shipped tables where they reach; there the relative error of p is stated in
    ``tables.npz`` and audited, and p is at least 1e-6. Elsewhere, and where ``simulations`` is given, (1 + number
    of null statistics >= ``statistic``) / (1 + ``simulations``), which is exact in level over the sample and the null
    samples together. The null samples are made once and used again, so all p-values of one test and shape share their
    error: at B = 999, a reported 0.05 is 0.05 ± 0.007 (one standard deviation).

    Args: as :func:`~noisedim.normality.nulls.null_samples.null_statistics`, and the observed ``statistic``, scaled.

    Raises: InvalidInputError: if the statistic is NaN, or as ``null_statistics``.
    """
    two_sided = calibrated(test).two_sided
    if np.isnan(statistic):
        raise InvalidInputError(f"the statistic of {test} must be a number; got NaN")
    if simulations is None:
        tails = table_p_values(test, statistic, n, dim)
        if tails is None and limit_reaches(test, n, dim):
            upper = float(limit_tail(test, dim, np.array([statistic]), n)[0])
            tails = max(FLOOR, upper), max(FLOOR, 1 - upper)
        if tails is not None:
            return min(1.0, 2 * min(tails)) if two_sided else tails[0]
        simulations = SIMULATIONS
    null = null_statistics(test, n, dim, simulations=simulations, seed=seed, folder=folder)
    at_least = len(null) - int(np.searchsorted(null, statistic, side="left"))
    if not two_sided:
        return (1 + at_least) / (1 + simulations)
    at_most = int(np.searchsorted(null, statistic, side="right"))
    return min(1.0, 2 * (1 + min(at_least, at_most)) / (1 + simulations))


def limit_reaches(test: str, n: int, dim: int) -> bool:
    """Whether the limit law, with exact mean and variance, stands in for a table that ends below this dimension.

    Simulated at d = 640 only: 600 samples of 300 rows and 300 of 1,000 rejected 3.3% to 6.7% at 0.05. In more dimensions it
    rests on the argument that a sum of many small parts is nearly normal.
    """
    own = calibrated(test)
    if own.beyond_table is None or table_reaches(test, n, dim):
        return False
    form = own.form
    least = max(form.reach, key=lambda reach: reach[0])
    return dim > least[0] and n >= _LEAST_ROWS_OF_LIMITS and n > least[1] * dim


_LEAST_ROWS_OF_LIMITS = 200
_WORDS = {
    "exact": "exact law",
    "bound": "exact laws, Bonferroni's bound over them",
    "certain": "probability 0 under the null",
    "table": "null table",
    "tail": "Pareto tail of a null table",
    "simulation": "simulation",
    "limit": "limit law with exact mean and variance",
}


@dataclass(frozen=True)
class Origin:
    """Where a p-value comes from.

    Attributes:
        method: ``exact``: the statistic's law at this n and d; ``bound``: exact laws combined by Bonferroni;
            ``table``: interpolated from the shipped null tables; ``tail``: extrapolated beyond them; ``simulation``: null
            samples of this shape; ``limit``: the law for many rows and columns; ``certain``: the result has probability 0
            under the null.
        samples: simulated null samples behind it, over all shapes of a table; ``None`` for laws that were computed.
        relative_error: of p, one standard deviation: for tables, the error stated at the level nearest to p beyond the
            noise of the cells; for a simulation, the binomial one; ``None`` if there is none, or it is not known (``tail``).
        over: how several p-values were combined: ``sidak`` (exact for independent ones), ``bonferroni`` (a bound) or
            ``None``.
    """

    method: Literal["exact", "bound", "table", "tail", "simulation", "limit", "certain"]
    samples: int | None = None
    relative_error: float | None = None
    over: Literal["sidak", "bonferroni"] | None = None

    @property
    def words(self) -> str:
        """A short description."""
        words = _WORDS[self.method]
        if self.samples is not None:
            words += f", {self.samples:,} samples"
        if self.relative_error is not None:
            words += f", p ± {self.relative_error:.2g} p"
        if self.method == "tail":
            words += f", not below {FLOOR:g}"
        if self.over is not None:
            words += {"sidak": "; worst of several, exact", "bonferroni": "; worst of several, a bound"}[self.over]
        return words


EXACT, BOUND, CERTAIN = Origin("exact"), Origin("bound"), Origin("certain")


def origin_of(
    test: str,
    p_value: float,
    n: int,
    dim: int,
    *,
    simulations: int | None = None,
    count: int = 1,
    over: Literal["sidak", "bonferroni"] | None = None,
) -> Origin:
    """Of a p-value of :func:`calibrated_p_value`.

    Args:
        test, n, dim, simulations: as there.
        p_value: the result, after ``over``.
        count: how many p-values were combined.
        over: how they were combined.
    """
    single = p_value
    if over == "sidak":
        single = -math.expm1(math.log1p(-min(p_value, 1 - 1e-15)) / count)
    elif over == "bonferroni":
        single = p_value / count
    # Two-sided tests take the smaller of two tails.
    single = max(single / 2 if calibrated(test).two_sided else single, 1e-300)
    if simulations is None and table_reaches(test, n, dim):
        # None: the table is of laws that were computed.
        samples = table_samples(test) or None
        if single < PROBABILITIES[-1]:
            return Origin("tail", samples, None, over)
        errors = table_error(test)
        nearest = min(errors, key=lambda level: abs(math.log(float(level) / single)))
        return Origin("table", samples, errors[nearest], over)
    if simulations is None and limit_reaches(test, n, dim):
        return Origin("limit", None, calibrated(test).beyond_table, over)
    made = SIMULATIONS if simulations is None else simulations
    error = math.sqrt(max(0.0, 1 - single) / (max(single, 1 / (made + 1)) * made))
    return Origin("simulation", made, error, over)
