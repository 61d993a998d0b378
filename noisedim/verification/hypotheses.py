"""The paper's hypotheses as code: whether a source and its noise satisfy them, in the words of the errata."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.theory.claims import hypotheses as words
from noisedim.theory.laws import Law, Normal, Uniform
from noisedim.theory.sources import BlockSource, DiscreteSource, GaussianSource, LazySource, PlanarMixture, Source
from noisedim.verification.trial import Trial

__all__ = ["HYPOTHESES", "satisfies_all"]

_ROUNDING = 1e-9


def _has_density(source: Source) -> bool:
    if isinstance(source, BlockSource | GaussianSource | PlanarMixture):
        return True
    return isinstance(source, LazySource) and not source.law.atoms


def _moments(source: Source, noise: Law) -> bool:
    """Mean 0 and variance 1 of every coordinate."""
    if isinstance(source, GaussianSource):
        return bool(np.abs(np.diag(source.covariance) - 1).max() <= _ROUNDING)
    if isinstance(source, PlanarMixture):
        mean, covariance = source.moments
        return bool(max(np.abs(mean).max(), np.abs(np.diag(covariance) - 1).max()) <= _ROUNDING)
    law = getattr(source, "law", None)
    return isinstance(law, Law) and abs(law.mean) <= _ROUNDING and abs(law.variance - 1) <= _ROUNDING


def _in_unit_cube(source: Source, noise: Law) -> bool:
    if isinstance(source, BlockSource):
        return True
    law = getattr(source, "law", None)
    if not isinstance(law, Law):
        return False
    # Nothing below 0 or above 1, by the distribution function and not by where the law says that it ends.
    above, below = law.survival(np.array([1.0])), law.cdf(np.array([np.nextafter(0.0, -1.0)]))
    return float(above[0]) <= 0 and float(below[0]) <= 0


def _half_width(noise: Law) -> float | None:
    centred = isinstance(noise, Uniform) and noise.low == -noise.high
    return noise.high if centred and isinstance(noise, Uniform) else None


def _whole(source: Source, noise: Law) -> bool:
    epsilon = _half_width(noise)
    return epsilon is not None and abs(1 / epsilon - round(1 / epsilon)) <= _ROUNDING


HYPOTHESES: Mapping[str, Callable[[Source, Law], bool]] = MappingProxyType(
    {
        # Noise with a density gives its sum with any independent vector one.
        words.NOISY_DENSITY: lambda source, noise: not noise.atoms,
        words.DENSITIES: lambda source, noise: _has_density(source) and not noise.atoms,
        words.DISCRETE_VIEW: lambda source, noise: isinstance(source, DiscreteSource),
        words.KEPT: lambda source, noise: source.keeps > 0,
        words.WEAKLY_INVARIANT: lambda source, noise: source.weakly_invariant,
        words.GAUSSIAN_NOISE: lambda source, noise: isinstance(noise, Normal) and noise.center == 0,
        words.MOMENTS: _moments,
        words.UNIFORM_NOISE: lambda source, noise: _half_width(noise) is not None,
        words.UNIT_CUBE: _in_unit_cube,
        words.WHOLE: _whole,
        words.NOISE_MOMENTS: lambda source, noise: math.isfinite(noise.variance) and math.isfinite(noise.mean),
    }
)


def satisfies_all(trial: Trial, source: Source, noise: Law, *hypotheses: str) -> None:
    """State that the source and the noise satisfy these hypotheses of the paper, one by one.

    Raises:
        BrokenHypothesisError: for the first one that they break.
        InvalidInputError: for one that code does not know.
    """
    for hypothesis in hypotheses:
        if hypothesis not in HYPOTHESES:
            raise InvalidInputError(f"hypothesis must be one of {', '.join(HYPOTHESES)}; got {hypothesis!r}")
        trial.satisfies(hypothesis, HYPOTHESES[hypothesis](source, noise))
