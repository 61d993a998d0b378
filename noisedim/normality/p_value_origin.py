"""Where a p-value comes from, and how exact it is."""

import math
from dataclasses import dataclass
from typing import Literal

from noisedim.normality.nulls.null_samples import SIMULATIONS
from noisedim.normality.nulls.null_surfaces import FLOOR, PROBABILITIES, table_error, table_reaches, table_samples
from noisedim.normality.tests import calibrated

__all__ = ["BOUND", "CERTAIN", "EXACT", "Origin", "origin_of"]

_WORDS = {
    "exact": "exact law",
    "bound": "exact laws, Bonferroni's bound over them",
    "certain": "probability 0 under the null",
    "table": "null table",
    "tail": "Pareto tail of a null table",
    "simulation": "simulation",
}


@dataclass(frozen=True)
class Origin:
    """Where a p-value comes from.

    Attributes:
        method: ``exact``: the statistic's law at this n and d; ``bound``: exact laws combined by Bonferroni;
            ``table``: interpolated from the shipped null tables; ``tail``: extrapolated beyond them; ``simulation``: null
            samples of this shape; ``certain``: the result has probability 0 under the null.
        samples: simulated null samples behind it, over all shapes of a table; ``None`` for exact laws.
        relative_error: of p, one standard deviation: for tables, the error stated at the level nearest to p beyond the
            noise of the cells; for a simulation, the binomial one; ``None`` if there is none, or it is not known (``tail``).
        over: how several p-values were combined: ``sidak`` (exact for independent ones), ``bonferroni`` (a bound) or
            ``None``.
    """

    method: Literal["exact", "bound", "table", "tail", "simulation", "certain"]
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
    """Of a p-value of :func:`~noisedim.normality.p_values.calibrated_p_value`.

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
        samples = table_samples(test)
        if single < PROBABILITIES[-1]:
            return Origin("tail", samples, None, over)
        errors = table_error(test)
        nearest = min(errors, key=lambda level: abs(math.log(float(level) / single)))
        return Origin("table", samples, errors[nearest], over)
    made = SIMULATIONS if simulations is None else simulations
    error = math.sqrt(max(0.0, 1 - single) / (max(single, 1 / (made + 1)) * made))
    return Origin("simulation", made, error, over)
