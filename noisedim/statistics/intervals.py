"""Confidence intervals that hold at the sample sizes at which they are used."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from noisedim.checks import positive, positive_integer, rate, real_numbers
from noisedim.errors import InvalidInputError

__all__ = [
    "Interval",
    "betting",
    "clopper_pearson",
    "empirical_bernstein",
    "scale_chi_square",
    "student_t",
]


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

    level = rate("level", level)
    array = real_numbers("values", values).ravel()
    if not len(array) or not np.isfinite(array).all():
        raise InvalidInputError(f"expected one or more finite values; got {array.tolist()[:5]}")
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
    level = rate("level", level)
    n, successes = positive_integer("n", n), positive_integer("successes", successes, minimum=0)
    if successes > n:
        raise InvalidInputError(f"successes must not exceed n={n}; got {successes}")
    lower, upper = _proportion_limits(successes, n, level)
    return Interval(successes / n, lower, upper, level, n, "Clopper–Pearson")


@lru_cache(maxsize=4096)
def _proportion_limits(successes: int, n: int, level: float) -> tuple[float, float]:
    """An audit asks for the same few counts thousands of times."""
    from scipy import stats

    tail = (1 - level) / 2
    lower = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    upper = 1.0 if successes == n else float(stats.beta.ppf(1 - tail, successes + 1, n - successes))
    return lower, upper


def _bounded(values: Any, low: float, high: float, *, minimum: int) -> np.ndarray:
    array = real_numbers("values", values).ravel()
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidInputError(f"expected finite low < high; got {low!r} and {high!r}")
    if len(array) < minimum:
        raise InvalidInputError(f"expected {minimum} or more values; got {len(array)}")
    # A rounding error beyond a bound is the bound.
    slack = 1e-12 * max(abs(low), abs(high), high - low)
    if not ((array >= low - slack) & (array <= high + slack)).all():
        raise InvalidInputError(f"values must lie in [{low}, {high}]; got {array.min()} to {array.max()}")
    return np.clip(array, low, high)


def empirical_bernstein(values: Any, low: float, high: float, *, level: float = 0.95) -> Interval:
    r"""Mean of a bounded variable, whatever its law: half-width from the sample variance V.

    .. math:: \sqrt{2 V \log(4/\alpha) / n} + 7 (b-a) \log(4/\alpha) / (3(n-1))

    Args:
        values: (n,) independent draws, n >= 2.
        low, high: bounds a, b that every draw obeys for certain.
        level: coverage 1−α, at least, at every n.

    Raises: InvalidInputError: for values out of bounds, fewer than two, or ``level`` outside (0, 1).

    Source: Maurer & Pontil (2009), Theorem 4, on both sides. Checked by tests/statistics/test_intervals.py.

    >>> str(empirical_bernstein([0.0, 1.0] * 5000, 0, 1, level=0.999))
    '0.5 [0.478, 0.522]'
    """
    level = rate("level", level)
    array = _bounded(values, low, high, minimum=2)
    n, mean = len(array), float(array.mean())
    logs = math.log(4 / (1 - level))
    half = math.sqrt(2 * float(array.var(ddof=1)) * logs / n) + 7 * (high - low) * logs / (3 * (n - 1))
    return Interval(mean, max(low, mean - half), min(high, mean + half), level, n, "empirical Bernstein")


def _largest_log_wealth(x: np.ndarray, bets: np.ndarray, mean: float) -> float:
    """Log of the largest wealth on the way of a gambler who bets that the mean of ``x`` exceeds ``mean``."""
    stakes = np.minimum(bets, 0.5 / mean) if mean > 0 else bets
    return float(np.cumsum(np.log1p(stakes * (x - mean))).max(initial=0.0))


def betting(values: Any, low: float, high: float, *, level: float = 0.95) -> Interval:
    """Mean of a bounded variable by betting: the values of the mean against which no gambler would have become rich.

    Two gamblers, one for each side, with half of the capital each; a mean is excluded once either has multiplied the
    whole by 1/α, which Ville's inequality allows with probability at most α. Stakes are predictable: they depend on the
    variance of the draws before. Shorter than :func:`empirical_bernstein` for skewed variables and for few draws.

    Args:
        values: (n,) independent draws *in the order drawn*.
        low, high: bounds that every draw obeys for certain.
        level: coverage, at least, at every n.

    Raises: InvalidInputError: for values out of bounds, none, or ``level`` outside (0, 1).

    Source: Waudby-Smith & Ramdas (2024), Section 4.4 (hedged capital at fixed n). Checked by
        tests/statistics/test_intervals.py.

    >>> str(betting([0.0, 1.0] * 5000, 0, 1, level=0.999))
    '0.5 [0.481, 0.519]'
    """
    level = rate("level", level)
    x = (_bounded(values, low, high, minimum=1) - low) / (high - low)
    n, alpha = len(x), 1 - level
    # Mean and variance of the draws so far, shrunk to 1/2 and 1/4, then shifted by one: a stake sees only the past.
    counts = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(x)) / (counts + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (counts + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets = np.sqrt(2 * math.log(2 / alpha) / (n * before))
    enough = math.log(2 / alpha)

    def least(x: np.ndarray) -> float:
        # The gambler's wealth falls as the mean rises: below the root, the mean is excluded.
        inside, outside = 1.0, 0.0
        if _largest_log_wealth(x, bets, 0.0) < enough:
            return 0.0
        while inside - outside > 1e-9:
            middle = (inside + outside) / 2
            if _largest_log_wealth(x, bets, middle) >= enough:
                outside = middle
            else:
                inside = middle
        return outside

    lower, upper = least(x), 1 - least(1 - x)
    scale = high - low
    return Interval(low + scale * float(x.mean()), low + scale * lower, low + scale * upper, level, n, "betting")


def scale_chi_square(sum_of_squares: float, degrees: int, *, level: float = 0.95) -> Interval:
    r"""s² from a sum of squares of ``degrees`` independent N(0, s²): exact, by the chi-square law.

    Args:
        sum_of_squares: Σ x², > 0.
        degrees: how many squares.
        level: coverage, exact.

    Raises: InvalidInputError: if the sum is not finite and positive, or ``level`` is outside (0, 1).

    >>> str(scale_chi_square(1000.0, 1000, level=0.99))
    '1 [0.894, 1.13]'
    """
    from scipy import stats

    level = rate("level", level)
    degrees, tail = positive_integer("degrees", degrees), (1 - level) / 2
    sum_of_squares = positive("sum_of_squares", sum_of_squares)
    with np.errstate(over="ignore"):  # a limit may be infinite
        lower, upper = sum_of_squares / stats.chi2.isf(tail, degrees), sum_of_squares / stats.chi2.ppf(tail, degrees)
    return Interval(sum_of_squares / degrees, float(lower), float(upper), level, degrees, "chi-square")
