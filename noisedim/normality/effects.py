"""Effect sizes: how far an embedding is from the prior, each with an interval and its value for a sample of the prior.

They depend on the number of rows only through their bias, which ``at_prior`` shows.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from noisedim.normality.mehler import mehler_divergence
from noisedim.normality.moment_errors import (
    correlation_error,
    kurtosis_error,
    mean_error,
    rank_interval,
    skewness_error,
    variance_error,
)
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.normality.tests.mehler import mehler_test_sigma
from noisedim.normality.transport import max_sliced_wasserstein, sliced_wasserstein
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = ["BIAS_WORDS", "EFFECT_WORDS", "effect_sizes", "effects_at_prior"]

EFFECT_WORDS = {
    "d2": "Rényi divergence of order 2 from the prior, both with noise σ = d^¼, nats",
    "knn_kl": "Kullback–Leibler divergence from the prior by 5 nearest neighbours, nats",
    "sliced_w2": "sliced Wasserstein distance, standard deviations of the prior",
    "max_sliced_w2": "Wasserstein distance along the worst direction found, standard deviations of the prior",
    "mean_error": "largest |mean| of a coordinate",
    "variance_error": "largest |variance − 1| of a coordinate",
    "skewness_error": "largest |skewness| of a coordinate",
    "kurtosis_error": "largest |excess kurtosis| of a coordinate",
    "correlation_error": "largest |correlation| of two coordinates",
    "effective_rank": "exp of the entropy of the covariance's spectrum; d for the prior",
}

BIAS_WORDS = (
    "Where a value at the prior is given, compare with it, not with 0: it is the mean estimate for samples of the prior of "
    "this size. That is the estimate's bias, which the interval does not cover."
)

# Costs grow with the square of the number of rows: of more rows a random part is used, and the interval says how many.
_MOST_ROWS_FOR_PAIRS = 10_000
_MOST_ROWS_FOR_NEIGHBOURS = 2_000
_MOST_ROWS = 20_000
_PRIOR_SAMPLES = 4
_BIASED = ("d2", "knn_kl", "sliced_w2", "max_sliced_w2", "effective_rank")


def _measures(dim: int, seed: int) -> dict[str, tuple[int, Callable[[np.ndarray], Interval]]]:
    sigma = mehler_test_sigma(dim)
    return {
        "d2": (_MOST_ROWS_FOR_PAIRS, lambda z: mehler_divergence(z, sigma)),
        "knn_kl": (_MOST_ROWS_FOR_NEIGHBOURS, neighbour_divergence),
        "sliced_w2": (_MOST_ROWS, lambda z: sliced_wasserstein(z, seed=seed, directions=64)),
        "max_sliced_w2": (_MOST_ROWS, lambda z: max_sliced_wasserstein(z, seed=seed).distance),
        "mean_error": (2**62, mean_error),
        "variance_error": (2**62, variance_error),
        "skewness_error": (_MOST_ROWS, skewness_error),
        "kurtosis_error": (_MOST_ROWS, kurtosis_error),
        "correlation_error": (2**62, correlation_error),
        "effective_rank": (_MOST_ROWS, rank_interval),
    }


def effect_sizes(z: np.ndarray, *, seed: int = 0) -> dict[str, Interval]:
    """All of :data:`EFFECT_WORDS` for (n, d) rows against N(0, I); intervals at 95%."""
    order = numpy_stream(seed, "effect sizes").permutation(len(z))
    found = {}
    for name, (most, measure) in _measures(z.shape[1], seed).items():
        found[name] = measure(z if len(z) <= most else z[np.sort(order[:most])])
    return found


@lru_cache(maxsize=256)
def effects_at_prior(n: int, dim: int) -> dict[str, float]:
    """Means of the biased effect sizes over a few samples of N(0, I) of this n and d."""
    rng = numpy_stream(0, f"effects at the prior, n = {n}, d = {dim}")
    measures = _measures(dim, 0)
    found: dict[str, float] = {}
    for name in _BIASED:
        most, measure = measures[name]
        # One sample at a time is in memory.
        shape = min(n, most), dim
        found[name] = float(np.mean([measure(rng.standard_normal(shape)).estimate for _ in range(_PRIOR_SAMPLES)]))
    return found
