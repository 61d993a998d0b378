"""Confidence intervals that hold at the sample sizes at which they are used."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["Interval", "clopper_pearson", "student_t"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
        estimate: the point estimate.
        lower, upper: the interval; infinite where n is too small to give one.
        level: its coverage, e.g. 0.95.
        n: number of independent values it rests on.
        method: how it was made.
    """

    estimate: float
    lower: float
    upper: float
    level: float
    n: int
    method: str

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def __str__(self) -> str:
        return f"{self.estimate:.3g} [{self.lower:.3g}, {self.upper:.3g}]"


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidInputError(f"level must lie strictly between 0 and 1; got {level!r}")


def student_t(values: Any, *, level: float = 0.95) -> Interval:
    """Mean of a few independent values with Student's t interval: 4.604 standard errors for 5 values at 99%.

    Args:
        values: (n,) numbers; one value gives an infinite interval.
        level: coverage, exact for normal values.

    Raises: InvalidInputError: for no values, NaN, or ``level`` outside (0, 1).

    >>> str(student_t([1.0, 2.0, 3.0]))
    '2 [-0.484, 4.48]'
    """
    from scipy import stats

    _check_level(level)
    array = np.asarray(values, dtype=np.float64).ravel()
    if not len(array) or not np.isfinite(array).all():
        raise InvalidInputError(f"expected one or more finite values; got {values!r}")
    mean, n = float(array.mean()), len(array)
    if n == 1:
        return Interval(mean, -np.inf, np.inf, level, n, "Student t")
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * array.std(ddof=1) / np.sqrt(n))
    return Interval(mean, mean - half, mean + half, level, n, "Student t")


def clopper_pearson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """A proportion with the exact (conservative) binomial interval.

    Args:
        successes: from 0 to n.
        n: independent trials.
        level: coverage, at least.

    Raises: InvalidInputError: for counts out of range or ``level`` outside (0, 1).

    >>> str(clopper_pearson(8, 10))
    '0.8 [0.444, 0.975]'
    """
    from scipy import stats

    _check_level(level)
    n, successes = positive_integer("n", n), positive_integer("successes", successes, minimum=0)
    if successes > n:
        raise InvalidInputError(f"successes must not exceed n={n}; got {successes}")
    tail = (1 - level) / 2
    lower = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    upper = 1.0 if successes == n else float(stats.beta.ppf(1 - tail, successes + 1, n - successes))
    return Interval(successes / n, lower, upper, level, n, "Clopper–Pearson")
