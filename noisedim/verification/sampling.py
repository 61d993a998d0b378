"""Information from pairs drawn as a user would meet them, with an interval that holds and a Δ that was planned."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from noisedim.theory.laws import Law
from noisedim.theory.quadrature import integrate
from noisedim.theory.sources import LazySource
from noisedim.theory.sums import add
from noisedim.verification.trial import Trial

__all__ = ["SampledInformation", "sampled_information"]

_CAP = 8.0
# What the integrals of the capped tail may be off by; it is added to the bias.
_LOOSE = 1e-6


@dataclass(frozen=True)
class SampledInformation:
    """An interval for I(f(X′); Y) of one coordinate, nats, from n pairs."""

    lower: float
    upper: float
    n: int


def _capped_tail(marginal: Law, peak: float, keep: float) -> tuple[float, float]:
    """At most what capping takes from the mean of the pointwise information, and at most its second moment.

    The pointwise information at (x′, y) is at most w(y) = log(k·peak/p(y) + 1−k), so its excess over the cap is at most
    that of w, a function of y alone.
    """

    def ceiling(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        density = marginal.density(y)
        some = density > 0
        return density, np.where(some, np.log(keep * peak / np.where(some, density, 1.0) + 1 - keep), 0.0)

    def excess(y: np.ndarray) -> np.ndarray:
        density, w = ceiling(y)
        return density * np.maximum(w - _CAP, 0)

    def square(y: np.ndarray) -> np.ndarray:
        density, w = ceiling(y)
        return density * np.maximum(w * w, math.log(1 - keep) ** 2)

    points = marginal.breakpoints
    fine = np.unique(np.concatenate([points, *(np.linspace(a, b, 9) for a, b in itertools.pairwise(points))]))
    bias = integrate(excess, fine, tolerance=_LOOSE).value + _LOOSE
    return bias, integrate(square, fine, tolerance=1e-4).value + 1e-4


def sampled_information(trial: Trial, source: LazySource, noise: Law, *, delta: float = 0.02) -> SampledInformation:
    """Draw pairs of one coordinate and bound their mean pointwise information.

    With X′ ≠ X possible (keep < 1), log p(y | x′)/p(y) is at least log(1 − keep). It is capped at 8 nats; how much the
    mean loses by that is bounded by an integral and added to the interval's upper end.

    Args:
        trial: gives α and the random stream; one interval of its budget is used.
        source: keep < 1; only its coordinate matters.
        noise: of one coordinate.
        delta: the interval lies within this of the truth with probability 1−β, nats.
    """
    marginal = add(source.law, noise)
    peak = float(noise.density(np.array([noise.mean]))[0])
    bias, square = _capped_tail(marginal, peak, source.keep)
    low = math.log(1 - source.keep)
    design = trial.bounded_design(delta=delta - bias, low=low, high=_CAP, deviation=math.sqrt(square))
    one = LazySource(source.law, keep=source.keep)
    clean, other = one.sample(design.n, trial.rng)
    noisy = clean + one.sample_noise(noise, design.n, trial.rng)
    interval = design.interval(np.minimum(one.pointwise_information(other, noisy, noise), _CAP))
    return SampledInformation(interval.lower, interval.upper + bias, design.n)
