"""Effect sizes: how far an embedding is from the prior, each with an interval, without the bias of few rows.

Their values at the prior are 0, but for the effective rank, which is d there, and the neighbours' divergence, whose bias is
not known in closed form.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from noisedim.normality.debiased import distance_interval, divergence_interval
from noisedim.normality.moment_errors import (
    correlation_error,
    kurtosis_error,
    mean_error,
    skewness_error,
    variance_error,
)
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.normality.rank import rank_interval
from noisedim.normality.summaries.directions import random_directions
from noisedim.normality.summaries.sharing import sharing
from noisedim.normality.transport import debiased_wasserstein, max_sliced_wasserstein
from noisedim.progress import completed_step
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = ["BIAS_WORDS", "EFFECT_WORDS", "PRIOR_SAMPLES", "effect_sizes", "effects_at_prior"]

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
    "effective_rank": "exp of the entropy of the covariance's spectrum, d for the prior",
}

BIAS_WORDS = (
    "Sizes are debiased, and shown as differences to their values at the prior: for samples of the prior the differences are "
    "0 on average."
)

# Of more rows a random part is used, and the interval says how many: rows so that their pairs, or their values, stay few.
# 10,000 rows in 16 dimensions are used whole: the Mehler test has summed their pairs by then.
_MOST_PAIR_PRODUCTS = 2.6e9
_MOST_ROWS_FOR_PAIRS = 10_000
_MOST_ROWS_FOR_NEIGHBOURS = 2_000
_MOST_ROWS, _MOST_VALUES = 20_000, 2_000_000
_DIRECTIONS = 64
PRIOR_SAMPLES = 4
"""How many samples of the prior the value of ``knn_kl`` at the prior is the mean of."""
# Of 2,000 rows one coordinate of variance 0.1, a divergence of 0.7 nats, moves the estimate by 60 of the standard
# deviations that it has for samples of the prior at d = 2, by 19 at d = 16, by 3 at d = 32, and by less than 1 at d = 64.
_MOST_COORDINATES_FOR_NEIGHBOURS = 32


def _sliced(z: np.ndarray, seed: int) -> Interval:
    unit = random_directions(z.shape[1], _DIRECTIONS, numpy_stream(seed, "sliced Wasserstein directions"))
    method = "influence function, and the law at the prior"
    return distance_interval(debiased_wasserstein(z, unit), len(z), method)


def _max_sliced(z: np.ndarray, seed: int) -> Interval:
    worst = max_sliced_wasserstein(z, seed=seed)
    found = debiased_wasserstein(z[worst.measured], worst.direction[None])
    return distance_interval(found, len(worst.measured), "other half, influence function, and the law at the prior")


def _measures(dim: int, seed: int) -> dict[str, tuple[int, Callable[[np.ndarray], Interval]]]:
    # The exponential of a pair costs as much as the products of some ten coordinates.
    pairs = min(_MOST_ROWS_FOR_PAIRS, int(math.sqrt(_MOST_PAIR_PRODUCTS / (dim + 10))))
    rows = max(2_000, min(_MOST_ROWS, _MOST_VALUES // dim))
    measures: dict[str, tuple[int, Callable[[np.ndarray], Interval]]] = {
        "d2": (pairs, divergence_interval),
        "knn_kl": (_MOST_ROWS_FOR_NEIGHBOURS, neighbour_divergence),
        "sliced_w2": (rows, lambda z: _sliced(z, seed)),
        "max_sliced_w2": (rows, lambda z: _max_sliced(z, seed)),
        "mean_error": (2**62, mean_error),
        "variance_error": (2**62, variance_error),
        "skewness_error": (2**62, skewness_error),
        "kurtosis_error": (2**62, kurtosis_error),
        "correlation_error": (2**62, correlation_error),
        "effective_rank": (2**62, rank_interval),
    }
    if dim > _MOST_COORDINATES_FOR_NEIGHBOURS:
        del measures["knn_kl"]
    return measures


def effect_sizes(z: np.ndarray, *, seed: int = 0) -> dict[str, Interval]:
    """:data:`EFFECT_WORDS` for (n, d) rows against N(0, I), ``knn_kl`` up to d = 32; intervals at 95%."""
    order = numpy_stream(seed, "effect sizes").permutation(len(z))
    found = {}
    with sharing():
        for name, (most, measure) in _measures(z.shape[1], seed).items():
            found[name] = measure(z if len(z) <= most else z[np.sort(order[:most])])
            completed_step(name)
    return found


@lru_cache(maxsize=256)
def effects_at_prior(n: int, dim: int) -> dict[str, float]:
    """What the effect sizes come to on average for samples of N(0, I) of this n and d, where that is not 0."""
    found = {"effective_rank": float(dim)}
    if dim <= _MOST_COORDINATES_FOR_NEIGHBOURS:
        rng = numpy_stream(0, f"effects at the prior, n = {n}, d = {dim}")
        shape = (PRIOR_SAMPLES, min(n, _MOST_ROWS_FOR_NEIGHBOURS), dim)
        samples = rng.standard_normal(shape)
        found["knn_kl"] = float(np.mean([neighbour_divergence(sample).estimate for sample in samples]))
    return found
