"""How many draws a check needs before it draws: from the violation to be seen and both error rates."""

import math
from collections.abc import Callable

from noisedim.checks import positive, positive_integer, rate
from noisedim.errors import InvalidInputError

__all__ = ["bernstein_reach", "min_samples", "min_samples_chi_square"]

_MOST = 10**9


def _check_rates(alpha: float, beta: float) -> None:
    rate("alpha", alpha)
    rate("beta", beta)


def bernstein_reach(n: int, alpha: float, beta: float, *, width: float, deviation: float) -> float:
    r"""What :func:`~noisedim.statistics.intervals.empirical_bernstein` at level 1−α sees of n draws, with power 1−β.

    With probability at least 1−β the whole interval lies within this distance of the true mean, so a claimed mean
    further away is excluded. Sum of the half-width, its own fluctuation through the sample deviation (Maurer & Pontil,
    2009, Theorem 10), and the fluctuation of the mean (Bernstein).

    Args:
        n: draws, >= 2.
        alpha: error rate of the interval.
        beta: how often the reach may fail, split over the two fluctuations.
        width: of the bounds that hold for certain.
        deviation: of one draw, or an upper bound on it.

    >>> round(bernstein_reach(100_000, 1e-6, 1e-3, width=10, deviation=1), 4)
    0.0363
    """
    _check_rates(alpha, beta)
    n = positive_integer("n", n, minimum=2)
    width, deviation = positive("width", width), max(float(deviation), 0.0)
    logs, power = math.log(4 / alpha), math.log(4 / beta)
    spread = deviation + width * math.sqrt(2 * math.log(2 / beta) / (n - 1))
    half = spread * math.sqrt(2 * logs / n) + 7 * width * logs / (3 * (n - 1))
    return half + deviation * math.sqrt(2 * power / n) + width * power / (3 * n)


def _least(enough: Callable[[int], bool], what: str) -> int:
    high = 2
    while not enough(high):
        high *= 2
        if high > _MOST:
            raise InvalidInputError(f"{what} needs more than {_MOST:,} draws")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def min_samples(delta: float, alpha: float, beta: float, *, width: float, deviation: float) -> int:
    """Least n at which a claimed mean that is off by ``delta`` is refuted with probability at least 1−β.

    Args:
        delta: smallest violation that must be seen, > 0.
        alpha: how often a true claim may be refuted.
        beta: how often a violation of ``delta`` may go unseen.
        width: high − low of the variable's certain bounds.
        deviation: its standard deviation, or an upper bound.

    Raises: InvalidInputError: for rates outside (0, 1), or if more than 10⁹ draws were needed.

    >>> min_samples(0.02, 2.5e-7, 1e-3, width=12, deviation=1)
    313731
    """
    delta = positive("delta", delta)

    def enough(n: int) -> bool:
        return bernstein_reach(n, alpha, beta, width=width, deviation=deviation) <= delta

    return _least(enough, f"a violation of {delta:g} with width {width:g}")


def min_samples_chi_square(delta: float, alpha: float, beta: float) -> int:
    r"""Least degrees of freedom at which the exact interval for log s² lies within ``delta`` of it, with power 1−β.

    Exact: the chance that the interval is that short is F(e^Δ·q_{α/2}) − F(e^{−Δ}·q_{1−α/2}), F and q the chi-square
    law's distribution function and quantiles.

    >>> min_samples_chi_square(0.02, 2.5e-7, 1e-3)
    356873
    """
    from scipy import stats

    _check_rates(alpha, beta)
    delta = positive("delta", delta)

    def enough(k: int) -> bool:
        low, high = stats.chi2.ppf(alpha / 2, k), stats.chi2.isf(alpha / 2, k)
        return bool(stats.chi2.cdf(math.exp(delta) * low, k) - stats.chi2.cdf(math.exp(-delta) * high, k) >= 1 - beta)

    return _least(enough, f"a violation of {delta:g}")
