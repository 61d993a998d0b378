"""How well a score tells two groups apart: the area under the ROC curve with its interval, and the curve itself."""

import math
from typing import Any

import numpy as np

from noisedim.checks import rate, real_numbers
from noisedim.errors import InvalidInputError
from noisedim.statistics.intervals import Interval

__all__ = ["auroc", "detection_rates"]


def auroc(negative: Any, positive: Any, *, level: float = 0.95) -> Interval:
    r"""P(score of a positive > score of a negative) + half of the probability of a tie, with its interval.

    .. math:: A = \frac1{mn}\sum_{ij}\psi_{ij}, \qquad \widehat{\mathrm{Var}}\,A
        = \frac{s^2(\psi_{i\cdot})}{m} + \frac{s^2(\psi_{\cdot j})}{n}

    with ψ = 1, ½ or 0. The interval is normal on the scale of log A/(1−A), which keeps it inside [0, 1]. Where the groups
    do not overlap the estimated variance is 0; there it is Newcombe's score-like interval, whose variance follows from A.

    Args:
        negative, positive: scores, (m,) and (n,), 2 or more each; larger means positive. ±∞ is allowed.
        level: coverage, approximate.

    Raises: InvalidInputError: for fewer than 2 scores, NaN, or ``level`` outside (0, 1).

    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837–845; by midranks as Sun & Xu (2014); Newcombe
        (2006), Stat. Med. 25, 559–573, method 5. Checked by tests/statistics/test_roc.py.

    >>> str(auroc([0.1, 0.4, 0.35, 0.2], [0.8, 0.3, 0.9, 0.5]))
    '0.875 [0.345, 0.989]'
    """
    from scipy import stats

    low, high = _scores("negative", negative), _scores("positive", positive)
    level = rate("level", level)
    m, n = len(low), len(high)
    ranks = stats.rankdata(np.concatenate([low, high]))
    # Of each positive, the share of negatives below it; of each negative, the share of positives above it.
    below = (ranks[m:] - stats.rankdata(high)) / m
    above = 1 - (ranks[:m] - stats.rankdata(low)) / n
    area = float(below.mean())
    error = math.sqrt(below.var(ddof=1) / n + above.var(ddof=1) / m)
    quantile = float(stats.norm.isf((1 - level) / 2))
    if error == 0:
        lower, upper = (_newcombe(area, m, n, quantile, end) for end in (0.0, 1.0))
        return Interval(area, lower, upper, level, min(m, n), "Newcombe")
    # A rounding error keeps the ends' logarithms finite.
    inner = min(max(area, 1e-15), 1 - 1e-15)
    centre, half = math.log(inner / (1 - inner)), quantile * error / (inner * (1 - inner))
    lower, upper = (1 / (1 + math.exp(min(700.0, -(centre + side * half)))) for side in (-1, 1))
    return Interval(area, lower, upper, level, min(m, n), "DeLong")


def _scores(name: str, values: Any) -> np.ndarray:
    array = real_numbers(name, values)
    if array.ndim != 1 or len(array) < 2 or np.isnan(array).any():
        raise InvalidInputError(f"{name} must be 2 or more numbers, none of them NaN; got shape {array.shape}")
    return array


def _newcombe(area: float, m: int, n: int, quantile: float, end: float) -> float:
    """The limit towards ``end``: where ``area`` is ``quantile`` standard errors away, by the variance at the limit."""
    from scipy.optimize import brentq

    spare = (m + n) / 2 - 1

    def excess(theta: float) -> float:
        variance = theta * (1 - theta) * (1 + spare * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (m * n)
        return (area - theta) ** 2 - quantile**2 * variance

    # Negative near area, positive at the end, unless area is the end. At 0 and 1 themselves the variance vanishes.
    return end if area == end else float(brentq(excess, area + (end - area) * 1e-9, end))


def detection_rates(negative: Any, positive: Any, false_alarms: Any) -> np.ndarray:
    """Share of positives found at each false-alarm rate: the ROC curve, ties broken at random on average.

    Args:
        negative, positive: scores; larger means positive.
        false_alarms: rates in [0, 1], any shape.

    Returns: rates, the same shape; linear between the curve's corners.

    Raises: InvalidInputError: for fewer than 2 scores or NaN.
    """
    low, high = _scores("negative", negative), _scores("positive", positive)
    thresholds = np.unique(np.concatenate([low, high]))[::-1]
    alarms = 1 - np.searchsorted(np.sort(low), thresholds, side="left") / len(low)
    found = 1 - np.searchsorted(np.sort(high), thresholds, side="left") / len(high)
    # At a vertical step the rate is the upper end.
    alarms, found = np.concatenate([[0.0], alarms]), np.concatenate([[0.0], found])
    corners, last = np.unique(alarms[::-1], return_index=True)
    return np.interp(np.asarray(false_alarms, dtype=np.float64), corners, found[::-1][last])
