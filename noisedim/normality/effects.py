"""Effect sizes: how far an embedding is from the prior, each with an interval and its value for a sample of the prior.

They depend on the number of rows only through their bias, which ``at_prior`` shows.

Errors of moments: every coordinate (or pair) gets a normal interval for its moment, wide enough to hold for all at once
(Bonferroni); the largest absolute error then lies between the largest lower and the largest upper end. Standard errors of
second to fourth moments are small where the same draws make the moment small: none is taken below the prior's own,
nor below the root mean square over coordinates. Without that, 95% intervals of a normal sample's largest excess kurtosis held
0 in 21% of samples of n = 400, d = 128, and now in all.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from noisedim.normality.mehler import mehler_divergence
from noisedim.normality.neighbours import neighbour_divergence
from noisedim.normality.spectrum import spectral_rank
from noisedim.normality.tests.mehler import mehler_test_sigma
from noisedim.normality.transport import max_sliced_wasserstein, sliced_wasserstein
from noisedim.progress import completed_step
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = [
    "BIAS_WORDS",
    "EFFECT_WORDS",
    "correlation_error",
    "effect_sizes",
    "effects_at_prior",
    "kurtosis_error",
    "mean_error",
    "rank_interval",
    "skewness_error",
    "variance_error",
]

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

_METHOD = "simultaneous normal intervals"
_GROUPS = 10

# Of more rows a random part is used, and the interval says how many: rows so that their pairs, or their values, stay few.
_MOST_PAIR_PRODUCTS = 2.5e9
_MOST_ROWS_FOR_PAIRS = 10_000
_MOST_ROWS_FOR_NEIGHBOURS = 2_000
_MOST_ROWS, _MOST_VALUES = 20_000, 2_000_000
_PRIOR_SAMPLES = 4
_BIASED = ("d2", "knn_kl", "sliced_w2", "max_sliced_w2", "effective_rank")


def _measures(dim: int, seed: int) -> dict[str, tuple[int, Callable[[np.ndarray], Interval]]]:
    sigma = mehler_test_sigma(dim)
    # The exponential of a pair costs as much as the products of some ten coordinates.
    pairs = min(_MOST_ROWS_FOR_PAIRS, int(math.sqrt(_MOST_PAIR_PRODUCTS / (dim + 10))))
    rows = max(2_000, min(_MOST_ROWS, _MOST_VALUES // dim))
    return {
        "d2": (pairs, lambda z: mehler_divergence(z, sigma)),
        "knn_kl": (_MOST_ROWS_FOR_NEIGHBOURS, neighbour_divergence),
        "sliced_w2": (rows, lambda z: sliced_wasserstein(z, seed=seed, directions=64)),
        "max_sliced_w2": (rows, lambda z: max_sliced_wasserstein(z, seed=seed).distance),
        "mean_error": (2**62, mean_error),
        "variance_error": (2**62, variance_error),
        "skewness_error": (rows, skewness_error),
        "kurtosis_error": (rows, kurtosis_error),
        "correlation_error": (2**62, correlation_error),
        "effective_rank": (rows, rank_interval),
    }


def effect_sizes(z: np.ndarray, *, seed: int = 0) -> dict[str, Interval]:
    """All of :data:`EFFECT_WORDS` for (n, d) rows against N(0, I); intervals at 95%."""
    order = numpy_stream(seed, "effect sizes").permutation(len(z))
    found = {}
    for name, (most, measure) in _measures(z.shape[1], seed).items():
        found[name] = measure(z if len(z) <= most else z[np.sort(order[:most])])
        completed_step(name)
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


def _largest(errors: np.ndarray, deviations: np.ndarray, level: float, n: int) -> Interval:
    from scipy.special import ndtri

    half = float(ndtri(1 - (1 - level) / (2 * errors.size))) * deviations / math.sqrt(n)
    sizes = np.abs(errors)
    return Interval(
        float(sizes.max()), max(0.0, float((sizes - half).max())), float((sizes + half).max()), level, n, _METHOD
    )


def _bounded(z: np.ndarray) -> np.ndarray:
    """Rows whose fourth powers are finite."""
    return z.clip(-1e70, 1e70)


def _deviations(influence: np.ndarray, least: float) -> np.ndarray:
    """Standard deviations of (n, d) influences, not below the prior's nor their root mean square over coordinates."""
    deviations = influence.std(0)
    return np.maximum(deviations, max(least, float(np.sqrt((deviations**2).mean()))))


def mean_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ|."""
    z = _bounded(z)
    return _largest(z.mean(0), z.std(0), level, len(z))


def variance_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |E zᵢ² − 1|."""
    squares = _bounded(z) ** 2
    return _largest(squares.mean(0) - 1, _deviations(squares, math.sqrt(2)), level, len(squares))


def _standardised(z: np.ndarray) -> np.ndarray:
    z = _bounded(z)
    centred = z - z.mean(0)
    peak = np.abs(centred).max(0)
    centred /= np.where(peak > 0, peak, 1.0)
    deviation = centred.std(0)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def skewness_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |skewness| of a coordinate; 0 for a constant one.

    The interval is too short where tails are heavy and rows few: in one dimension 95% intervals covered the skewness of an
    exponential law in 61%, 72% and 89% of samples of 50, 400 and 4,000.
    """
    x = _standardised(z)
    skewness = (x**3).mean(0)
    # Influence function of a standardised third moment.
    influence = x**3 - skewness - 3 * x - 1.5 * skewness * (x * x - 1)
    return _largest(skewness, _deviations(influence, math.sqrt(6)), level, len(x))


def kurtosis_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |excess kurtosis| of a coordinate; 3 for a constant one.

    The upper end is too low for heavy tails, whose fourth moment few rows show: in one dimension 95% intervals covered the
    excess kurtosis of an exponential law in 47%, 62% and 83% of samples of 50, 400 and 4,000, and t₆'s in 57% of 4,000.
    """
    x = _standardised(z)
    third, fourth = (x**3).mean(0), (x**4).mean(0)
    influence = x**4 - fourth - 4 * third * x - 2 * fourth * (x * x - 1)
    return _largest(fourth - 3, _deviations(influence, math.sqrt(24)), level, len(x))


def correlation_error(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """Largest |correlation| of two coordinates, on Fisher's scale; 0 in one dimension.

    Standard errors are those of the influence function, not below Fisher's for normal rows: coordinates that share a
    heavy-tailed scale are uncorrelated, but their correlation varies more (Fisher's 95% intervals covered t₈'s 0 in 60%).
    """
    from scipy.special import ndtri

    x = _standardised(z)
    n, dim = x.shape
    if dim == 1:
        return Interval(0.0, 0.0, 0.0, level, n, "one coordinate")
    pairs = dim * (dim - 1) // 2
    r = (x.T @ x / n).clip(-1 + 1e-15, 1 - 1e-15)
    squares = x * x
    fourth = (squares * squares).mean(0)
    # Of the influence xy − r(x² + y²)/2: its mean square.
    mixed = (squares * x).T @ x / n
    variance = (
        squares.T @ squares / n * (1 + r * r / 2) - r * (mixed + mixed.T) + r * r / 4 * (fourth[:, None] + fourth)
    )
    deviation = np.maximum(1.0, np.sqrt(variance.clip(min=0)) / (1 - r * r))
    half = float(ndtri(1 - (1 - level) / (2 * pairs))) / math.sqrt(max(1, n - 3)) * deviation
    upper = np.triu_indices(dim, 1)
    angle, half = np.arctanh(np.abs(r[upper])), half[upper]
    ends = math.tanh(max(0.0, float((angle - half).max()))), math.tanh(float((angle + half).max()))
    return Interval(float(np.abs(r[upper]).max()), *ends, level, n, "Fisher's scale, simultaneous")


def rank_interval(z: np.ndarray, *, level: float = 0.95) -> Interval:
    """The effective rank by the jackknife over ten groups of rows, which removes most of its bias.

    The rest of the bias is below the interval's width from about six rows per coordinate on: at d = 64, 95% intervals
    held the prior's rank in no sample of 100 rows and in 92% of 400.
    """
    from scipy import stats

    plain = spectral_rank(z)
    parts = np.arange(len(z)) % _GROUPS
    values = np.array([spectral_rank(z[parts != part]) for part in range(_GROUPS)])
    corrected = plain + (_GROUPS - 1) * (plain - float(values.mean()))
    estimate = min(float(z.shape[1]), max(min(1.0, plain), corrected))
    deviation = math.sqrt((_GROUPS - 1) / _GROUPS * float(((values - values.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + level) / 2, _GROUPS - 1)) * deviation
    return Interval(estimate, max(0.0, estimate - half), min(z.shape[1], estimate + half), level, len(z), "jackknife")
