"""p-values combined into one, and adjusted for their number."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from noisedim.checks import real_numbers
from noisedim.errors import InvalidInputError

__all__ = ["bonferroni", "holm", "sidak"]


def holm(p_values: Any, *, most: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
    """Holm's adjusted p-values: rejecting those <= α keeps the family-wise error at α under any dependence.

    Args:
        p_values: (m,) numbers.
        most: of p-values, how many independent tests the m amount to there: a number k such that under the nulls of any of
            them P(min p ≤ p) ≤ k·p, with k·p rising in p. No test is counted more often than that.

    >>> holm([0.01, 0.04, 0.03]).round(3)
    array([0.03, 0.06, 0.06])
    """
    p = real_numbers("p_values", p_values)
    if p.ndim != 1:
        raise InvalidInputError(f"p_values must have shape (m,); got {p.shape}")
    order = np.argsort(p, kind="stable")
    count = (len(p) - np.arange(len(p))).astype(np.float64)
    if most is not None:
        count = np.minimum(count, most(p[order]))
    stepped = np.maximum.accumulate(p[order] * count)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def bonferroni(least: float, count: int) -> float:
    """The smallest of ``count`` p-values as one p-value, whatever their dependence."""
    return min(1.0, count * least)


def sidak(least: float, count: int) -> float:
    """The smallest of ``count`` independent p-values as one p-value, exactly.

    >>> round(sidak(0.01, 5), 6)
    0.04901
    """
    return 1.0 if least >= 1 else -math.expm1(count * math.log1p(-least))
