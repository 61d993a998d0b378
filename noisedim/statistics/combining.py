"""p-values combined into one, and adjusted for their number."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from noisedim.checks import real_numbers
from noisedim.errors import InvalidInputError

__all__ = ["bonferroni", "holm", "sidak"]


def holm(
    p_values: Any, *, most: Callable[[np.ndarray], np.ndarray] | None = None, weights: Any | None = None
) -> np.ndarray:
    r"""Holm's adjusted p-values: rejecting those <= α keeps the family-wise error at α under any dependence.

    With weights, p-values are divided by theirs, and the tests still in the running count by their weights. Why that keeps
    the level: let T be the true nulls, and w their weights. When the first of them is rejected, all of T is in the running,
    so its qᵢ = pᵢ/wᵢ has

    .. math:: P\Bigl(\min_T q_i \sum_T w_i \le \alpha\Bigr) \le \sum_T P\Bigl(p_i \le \alpha w_i / \sum_T w_j\Bigr) \le \alpha

    With ``most``, weights of at most 1 raise p-values, so that P(min q ≤ p) ≤ k·p too, and the smaller of both counts holds.

    Args:
        p_values: (m,) numbers.
        most: of p-values, how many independent tests the m amount to there: a number k such that under the nulls of any of
            them P(min p ≤ p) ≤ k·p, with k·p rising in p. No test is counted more often than that.
        weights: (m,) in (0, 1], chosen without the data; all 1, if omitted.

    Raises: InvalidInputError: for p-values that are no list of numbers, or weights that are not as many in (0, 1].

    Source: Holm (1979), Scandinavian Journal of Statistics 6, 65–70; section 4 for weights.

    >>> holm([0.01, 0.04, 0.03]).round(3)
    array([0.03, 0.06, 0.06])
    """
    p = real_numbers("p_values", p_values)
    if p.ndim != 1:
        raise InvalidInputError(f"p_values must have shape (m,); got {p.shape}")
    w = np.ones(len(p)) if weights is None else real_numbers("weights", weights)
    if w.shape != p.shape or not ((w > 0) & (w <= 1)).all():
        raise InvalidInputError(f"weights must be {len(p)} numbers above 0 and at most 1; got {weights!r}")
    weighted = p / w
    order = np.argsort(weighted, kind="stable")
    rising = weighted[order]
    count = w[order][::-1].cumsum()[::-1]
    if most is not None:
        count = np.minimum(count, most(rising))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(rising * count), 1.0)
    # Division and multiplication by a weight may round below.
    return np.maximum(adjusted, p)


def bonferroni(least: float, count: int) -> float:
    """The smallest of ``count`` p-values as one p-value, whatever their dependence."""
    return min(1.0, count * least)


def sidak(least: float, count: int) -> float:
    """The smallest of ``count`` independent p-values as one p-value, exactly.

    >>> round(sidak(0.01, 5), 6)
    0.04901
    """
    return 1.0 if least >= 1 else -math.expm1(count * math.log1p(-least))
