"""n*: the sample size at which the battery tells an embedding from its prior half of the time.

Up to the number of rows, it is measured on random subsamples. Beyond, if the battery finds no or hardly any departure,
it is extrapolated: sums of squares grow as n, differences as √n. The result says which.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from noisedim.normality.battery import BUDGET, Battery, run_battery
from noisedim.statistics.intervals import Interval, clopper_pearson
from noisedim.streams import numpy_stream

__all__ = ["PowerPoint", "sample_size"]

_LEAST = 20
_TRIALS = 20
_LEVEL = 0.95
# Subsamples of more than half of the rows overlap too much to be trials.
_LARGEST_SHARE = 0.5
_MOST_ROWS = 5_000


@dataclass(frozen=True)
class PowerPoint:
    """How many of ``trials`` subsamples of ``n`` rows the battery rejected."""

    n: int
    rejected: int
    trials: int


def sample_size(
    z: np.ndarray,
    whole: Battery,
    *,
    alpha: float,
    null: str = "simple",
    uniform: np.ndarray | None = None,
    seed: int = 0,
    simulations: int | None = None,
    rounded: bool = False,
    budget: float = BUDGET,
) -> tuple[Interval, tuple[PowerPoint, ...]]:
    """n* with an interval, and the measured powers it rests on.

    Args:
        z: (n, d) float64 rows.
        whole: the battery on all of them.
        alpha: family-wise level.
        null, uniform, seed, simulations, rounded, budget: as :func:`~noisedim.normality.battery.run_battery`, and as for
            ``whole``: n* is about that battery.

    Returns: an interval whose ``method`` is ``subsamples`` or ``extrapolated``, with ``inf`` where nothing bounds n*:
        on subsamples it reaches from the largest size at which the rate is surely below one half to the smallest at
        which it is surely above (95% Clopper–Pearson, each). That is the noise of subsampling; subsamples of the same rows
        share their peculiarities: of 30 samples of 418 rows of N(0, 1.1² I), d = 4, the intervals of 23 covered n* = 105.
        And the points, by size.
    """
    n = len(z)
    if not (whole.adjusted() <= alpha).any():
        return _extrapolated(whole, n, alpha), ()
    sizes = _sizes(n)
    rng = numpy_stream(seed, "sample size")
    rates: dict[int, PowerPoint] = {}

    def rate(index: int) -> float:
        if index not in rates:
            size, rejected = sizes[index], 0
            for trial in range(_TRIALS):
                rows = rng.choice(n, size, replace=False)
                part = run_battery(
                    z[rows],
                    null=null,
                    uniform=None if uniform is None else uniform[rows],
                    seed=seed + trial,
                    simulations=simulations,
                    rounded=rounded,
                    budget=budget,
                )
                rejected += bool((part.adjusted() <= alpha).any())
            rates[index] = PowerPoint(size, rejected, _TRIALS)
        return rates[index].rejected / _TRIALS

    if not sizes:
        return Interval(float(n), 0.0, math.inf, _LEVEL, n, "too few rows to subsample"), ()
    low, high = -1, len(sizes)
    while high - low > 1:
        middle = (low + high) // 2
        if rate(middle) >= 0.5:
            high = middle
        else:
            low = middle
    # The neighbours too, for the interval's ends.
    for index in (low - 1, high + 1):
        if 0 <= index < len(sizes):
            rate(index)
    points = tuple(rates[index] for index in sorted(rates))
    return _from_points(points, low, high, sizes, n), points


def _sizes(n: int) -> list[int]:
    top = min(int(n * _LARGEST_SHARE), _MOST_ROWS)
    if top < _LEAST:
        return []
    steps = max(1, round(2 * math.log2(top / _LEAST)))
    return sorted({round(_LEAST * (top / _LEAST) ** (i / steps)) for i in range(steps + 1)})


def _from_points(points: Sequence[PowerPoint], low: int, high: int, sizes: list[int], n: int) -> Interval:
    below = [p.n for p in points if clopper_pearson(p.rejected, p.trials, level=_LEVEL).upper < 0.5]
    above = [p.n for p in points if clopper_pearson(p.rejected, p.trials, level=_LEVEL).lower > 0.5]
    lower, upper = float(max(below, default=0)), float(min(above, default=math.inf))
    by_size = {p.n: p.rejected / p.trials for p in points}
    if low < 0:
        estimate = float(sizes[0])
    elif high == len(sizes):
        # All rows are rejected, half of them seldom: somewhere in between.
        estimate = math.sqrt(sizes[-1] * n)
    else:
        a, b = by_size[sizes[low]], by_size[sizes[high]]
        share = 0.5 if b == a else (0.5 - a) / (b - a)
        estimate = sizes[low] * (sizes[high] / sizes[low]) ** share
    return Interval(estimate, min(lower, estimate), max(upper, estimate), _LEVEL, n, "subsamples")


def _extrapolated(whole: Battery, n: int, alpha: float) -> Interval:
    from scipy.special import ndtri

    rows = [row for row in whole.rows if row.test.grows is not None]
    critical = -float(ndtri(alpha / max(1, len(whole.rows))))
    scores = np.array([-float(ndtri(min(max(row.outcome.p_value, 1e-15), 1 - 1e-15))) for row in rows])
    powers = np.array([2.0 if row.test.grows == "root" else 1.0 for row in rows])
    slack = -float(ndtri((1 - _LEVEL) / (2 * len(rows))))

    def least(shifted: np.ndarray) -> float:
        positive = shifted > 0
        if not positive.any():
            return math.inf
        return float((n * (critical / shifted[positive]) ** powers[positive]).min())

    # The largest of many scores is above 0 without any departure: its expectation comes off.
    typical = -float(ndtri(1 / (len(rows) + 1)))
    return Interval(
        max(float(n), least(scores - typical)), least(scores + slack), least(scores - slack), _LEVEL, n, "extrapolated"
    )
