"""Sizes of a departure on the scale on which they are estimated without bias, with the two parts of their error.

A divergence or a squared distance has an error of order 1/√n, which vanishes towards the prior, and one of order 1/n, which
stays. Both are known: the first by the rows' influence, the second by the law at the prior.
"""

import math
from dataclasses import dataclass

import numpy as np

from noisedim.normality.mehler import divergence_of_rows, mean_kernel_and_deviation, mehler_ratio
from noisedim.normality.tests.pairs.mehler import mehler_test_rows, mehler_test_sigma
from noisedim.normality.transport import SquaredDistance
from noisedim.statistics.intervals import Interval

__all__ = ["Measured", "distance_interval", "divergence", "divergence_interval", "squared_distance"]


@dataclass(frozen=True)
class Measured:
    """A size and its error.

    ``first`` (of order 1/√n) and ``second`` (of order 1/n) are the distances from the value to the ends, below and above,
    by the two parts of the variance, which add.
    """

    value: float
    n: int
    first: tuple[float, float]
    second: tuple[float, float] = (0.0, 0.0)

    def ends(self) -> tuple[float, float]:
        """Lower and upper end."""
        below, above = (math.hypot(*pair) for pair in zip(self.first, self.second, strict=True))
        return self.value - below, self.value + above

    def needed(self, margin: float) -> int | None:
        """Rows with which an end would be at the margin; ``None`` if no number would do."""
        side = 1 if margin > self.value else 0
        gap = abs(margin - self.value)
        if not 0 < gap < math.inf:
            return None
        # first² x + second² x² = gap² for x = n / rows needed, solved for 1/x.
        first, second = self.first[side] / gap, self.second[side] / gap
        factor = (first**2 + math.sqrt(first**4 + 4 * second**2)) / 2
        return math.ceil(self.n * factor) if factor < 1e9 else None


def _quantiles(skewness: float, levels: tuple[float, float]) -> tuple[float, float, float, float]:
    """Normal ones below and above; and at the prior, those of a gamma law of this skewness, to the right."""
    from scipy.special import gammainccinv, ndtri

    shape = 4 / skewness**2
    below = float((gammainccinv(shape, levels[0]) - shape) / math.sqrt(shape))
    normal = -float(ndtri(levels[0])), -float(ndtri(levels[1]))
    return *normal, max(below, normal[0]), normal[1]


def _divergence_at_prior(n: int, dim: int) -> tuple[float, float]:
    """Standard deviation and skewness of the mean kernel for n rows of the prior, σ = d^¼.

    There the mean is a weighted sum of χ² less their means: by the sums of its eigenvalues' squares and cubes.
    """
    r = mehler_ratio(mehler_test_sigma(dim))
    squares, cubes = math.expm1(-dim * math.log1p(-(r**2))), math.expm1(-dim * math.log1p(-(r**3)))
    return math.sqrt(2 * squares / (n * (n - 1))), 8 * cubes / (2 * squares) ** 1.5


def divergence(z: np.ndarray, levels: tuple[float, float]) -> Measured:
    """exp(D₂) − 1 with noise σ = d^¼, by the mean of Mehler's kernel; ``levels``: error rates of the ends."""
    n, dim = z.shape
    mean, deviation = mean_kernel_and_deviation(mehler_test_rows(z))
    at_prior, skewness = _divergence_at_prior(n, dim)
    below, above, below_at_prior, above_at_prior = _quantiles(skewness, levels)
    return Measured(
        mean - 1, n, (below * deviation, above * deviation), (below_at_prior * at_prior, above_at_prior * at_prior)
    )


def squared_distance(found: SquaredDistance, n: int, levels: tuple[float, float]) -> Measured:
    """A squared distance that rests on n rows; ``levels``: error rates of the ends."""
    below, above, below_at_prior, above_at_prior = _quantiles(found.skewness, levels)
    return Measured(
        found.value,
        n,
        (below * found.deviation, above * found.deviation),
        (below_at_prior * found.at_prior, above_at_prior * found.at_prior),
    )


def divergence_interval(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """D₂ from the prior with noise σ = d^¼, nats, as :func:`~noisedim.normality.mehler.mehler_divergence`.

    A sample of the prior gives values on both sides of 0; the interval is also wide enough there.
    """
    n, dim = z.shape
    found = divergence_of_rows(mehler_test_rows(z), level)
    deviation, skewness = _divergence_at_prior(n, dim)
    tail = (1 - level) / 2
    *_, below, above = _quantiles(skewness, (tail, tail))
    scale = math.exp(-max(0.0, min(found.estimate, 700.0)))
    return Interval(
        found.estimate,
        found.estimate - math.hypot(found.estimate - found.lower, below * deviation * scale),
        found.estimate + math.hypot(found.upper - found.estimate, above * deviation * scale),
        level,
        n,
        "jackknife, and the law at the prior",
    )


def distance_interval(found: SquaredDistance, n: int, method: str, *, level: float = 0.95) -> Interval:
    """The distance, 0 where its square is estimated below 0."""
    tail = (1 - level) / 2
    measured = squared_distance(found, n, (tail, tail))
    estimate, lower, upper = (math.sqrt(max(0.0, value)) for value in (measured.value, *measured.ends()))
    return Interval(estimate, lower, upper, level, n, method)
