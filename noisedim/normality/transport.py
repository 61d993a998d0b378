"""Wasserstein distances of projections to N(0, 1): averaged over directions, and along the worst one found."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer, rate
from noisedim.normality.summaries.directions import extreme_eigenvectors, random_directions
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = [
    "SquaredDistance",
    "WorstDirection",
    "debiased_wasserstein",
    "expected_at_prior",
    "max_sliced_wasserstein",
    "sliced_wasserstein",
    "wasserstein_to_normal",
]

_STEPS = 40
_MOST_ROWS_TO_CLIMB = 4000
# Above this, fourth powers are scaled first, so that they stay finite.
_LARGEST = 1e60


@dataclass(frozen=True)
class WorstDirection:
    """A direction found on one half of the rows and measured on the other.

    Attributes:
        distance: W₂ of the other half's projection to N(0, 1): a lower bound on the max-sliced distance, up
            to the expectation of W₂ for a sample of the prior.
        direction: (d,), of unit length.
        measured: the rows of the other half, by index.
    """

    distance: Interval
    direction: np.ndarray
    measured: np.ndarray


@dataclass(frozen=True)
class SquaredDistance:
    """A mean of squared Wasserstein distances along directions, less its bias: its expectation for a sample of the prior.

    Attributes:
        value: squared standard deviations of the prior; a sample of the prior gives values on both sides of 0.
        deviation: its standard deviation by the influence function, of order 1/√n; it vanishes towards the prior.
        at_prior: its standard deviation for a sample of the prior of the rows' scale, of order 1/n.
        skewness: its skewness for a sample of the prior.
    """

    value: float
    deviation: float
    at_prior: float
    skewness: float


def _cells(n: int) -> np.ndarray:
    """Means of the normal quantile function over n equal cells of probability, (n,)."""
    from scipy.special import ndtri

    ends = ndtri(np.arange(1, n) / n)
    density = np.concatenate([[0.0], np.exp(-(ends**2) / 2) / math.sqrt(2 * math.pi), [0.0]])
    return np.asarray(n * (density[:-1] - density[1:]))


def wasserstein_to_normal(projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared W₂ to N(0, 1) of each column of (n, k), and each row's Kantorovich potential in each column, (n, k).

    ∫(x_(i) − q(u))² du over the i-th of n equal cells, with q the normal's quantile function, in closed form. The
    potential φ, with φ′(x) = 2(x − q(F(x))), is the distance's influence function: its variance over n is that of the
    squared distance (del Barrio & Loubes 2019, Annals of Probability 47, 926–951).
    """
    order = np.argsort(projected, axis=0)
    ordered = np.take_along_axis(projected, order, 0)
    cells = _cells(len(projected))[:, None]
    squared = _squared_distance(ordered, cells)
    slope = 2 * (ordered - cells)
    rise = np.diff(ordered, axis=0) * (slope[1:] + slope[:-1]) / 2
    along = np.concatenate([np.zeros((1, projected.shape[1])), np.cumsum(rise, axis=0)])
    potential = np.empty_like(along)
    np.put_along_axis(potential, order, along, 0)
    return squared, potential


def _squared_distance(ordered: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Squared W₂ to N(0, 1) of each column of rising values."""
    # As (x − q̄)² plus the cells' own variance: x² − 2x·q̄ + 1 would cancel.
    return np.asarray(((ordered - cells) ** 2).mean(0) + max(0.0, 1 - float((cells**2).mean())))


def _deviation(values: np.ndarray) -> float:
    """The standard deviation, also of values whose squares are not finite."""
    peak = float(np.abs(values).max())
    return float(values.std()) if peak < _LARGEST else float((values / peak).std()) * peak


def _root_interval(squared: float, deviation: float, level: float, n: int, method: str) -> Interval:
    from scipy.special import ndtri

    half = float(ndtri((1 + level) / 2)) * deviation
    ends = (math.sqrt(max(0.0, squared - half)), math.sqrt(squared + half))
    return Interval(math.sqrt(squared), *ends, level, n, method)


# Nodes of the trapezoid rule for means of order statistics, in standard deviations of their logits.
_LOGITS = np.arange(-14.0, 14.01, 0.35)
# Orders of Hermite polynomials in the law at the prior; order k weighs 1/k².
_ORDERS = 40


@lru_cache(maxsize=64)
def expected_at_prior(n: int) -> float:
    """Expectation of the squared W₂ of n draws of N(0, 1) to N(0, 1): 2 − 2 E∫x_(·)q, by means of order statistics."""
    from scipy.special import digamma, log_expit, ndtri_exp, polygamma

    rank = np.arange(1, n // 2 + 1, dtype=np.float64)
    if n == 1:
        return 2.0
    cells = _cells(n)[: len(rank)]
    total = 0.0
    for some, means in zip(*(np.array_split(part, max(1, n // 4000)) for part in (rank, cells)), strict=True):
        other = n + 1 - some
        centre, spread = digamma(some) - digamma(other), np.sqrt(polygamma(1, some) + polygamma(1, other))
        t = centre[:, None] + spread[:, None] * _LOGITS
        below = log_expit(t)
        logs = some[:, None] * below + other[:, None] * log_expit(-t)
        weights = np.exp(logs - logs.max(1, keepdims=True))
        expected = (weights * ndtri_exp(below)).sum(1) / weights.sum(1)
        total += float(expected @ means)
    # The law is symmetric: the upper half of the ranks gives as much.
    return 2 - 4 * total / n


def _law_at_prior(unit: np.ndarray, n: int) -> tuple[float, float]:
    """Standard deviation and skewness of the mean of n draws' squared distances along (k, d) directions.

    In the limit n·W₂² is Σ Z_k²/k, less its mean, where the Z_k of two directions of cosine c have correlation c^k.

    Source: del Barrio, Cuesta-Albertos, Matrán & Rodríguez-Rodríguez (1999), Annals of Statistics 27, 1230–1239.
    """
    cosines = unit @ unit.T
    power = np.ones_like(cosines)
    second = third = 0.0
    for order in range(1, _ORDERS + 1):
        power = power * cosines
        second += 2 * float((power * power).mean()) / order**2
        third += 8 * float(((power @ power) * power).mean()) / len(unit) / order**3
    return math.sqrt(second) / n, third / second**1.5


def debiased_wasserstein(z: np.ndarray, unit: np.ndarray) -> SquaredDistance:
    """Mean squared W₂ to N(0, 1) of (n, d) rows along (k, d) unit directions, less that of a sample of the prior."""
    n = len(z)
    squares, potentials = [], np.zeros(n)
    for some in np.array_split(unit, max(1, n * len(unit) // 1_000_000)):
        squared, potential = wasserstein_to_normal(z @ some.T)
        squares.append(squared)
        potentials += potential.sum(1)
    distance = float(np.concatenate(squares).mean())
    # The bias grows with the rows' scale along the directions, which ∫x q estimates: exactly, for N(m, s²).
    bias = expected_at_prior(n)
    inner = (float(((z @ unit.T) ** 2).mean()) + 1 - distance) / 2
    scale = max(0.0, inner / (1 - bias / 2))
    deviation = _deviation(potentials) / len(unit) / math.sqrt(n)
    at_prior, skewness = _law_at_prior(unit, n)
    return SquaredDistance(distance - bias * scale, deviation, max(1.0, scale) * at_prior, skewness)


def sliced_wasserstein(z: Any, *, directions: int = 128, seed: int = 0, level: float = 0.95) -> Interval:
    """Sliced 2-Wasserstein distance to N(0, I), in standard deviations of the prior.

    Per random direction, the distance of the projected rows' distribution to N(0, 1) is exact; the result is the root
    mean square over directions.

    Args:
        z: (n, d) numbers, n >= 2.
        directions: how many; in one dimension there is one.
        seed: of the directions.
        level: coverage of the interval, for the same directions, by the influence function. It does not correct the
            estimate's bias: a normal sample of n rows gives about sqrt(log log n / n), not 0.

    Source: Bonneel et al. (2015), J. Math. Imaging Vis. 51, 22–45.
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    level = rate("level", level)
    n, dim = z.shape
    unit = random_directions(
        dim, positive_integer("directions", directions), numpy_stream(seed, "sliced Wasserstein directions")
    )
    squares, potentials = 0.0, np.zeros(n)
    for some in np.array_split(unit, max(1, n * len(unit) // 1_000_000)):
        squared, potential = wasserstein_to_normal(z @ some.T)
        squares += float(squared.sum())
        potentials += potential.sum(1)
    deviation = _deviation(potentials) / len(unit) / math.sqrt(n)
    return _root_interval(squares / len(unit), deviation, level, n, "influence function, bias left")


def max_sliced_wasserstein(z: Any, *, seed: int = 0, level: float = 0.95) -> WorstDirection:
    """The direction of the largest W₂ to N(0, 1) that a search finds on one half of the rows, measured on the other.

    The search climbs from the best of random directions, coordinates, principal axes, and the axes of the largest and
    smallest fourth moments.

    Args:
        z: (n, d) numbers, n >= 4.
        seed: of the halves and the random directions.
        level: coverage of the interval, for the found direction, by the influence function.

    Source: Deshpande et al. (2019), CVPR, 10648–10656.
    """
    z = embedding_matrix("z", z, minimum_rows=4)
    level = rate("level", level)
    n = len(z)
    rng = numpy_stream(seed, "worst direction")
    order = rng.permutation(n)
    measured = order[n // 2 :]
    half, other = z[order[: n // 2][:_MOST_ROWS_TO_CLIMB]], z[measured]
    candidates = _candidates(half, rng)
    cells = _cells(len(half))
    # One direction in a row, which is sorted in place.
    parts = np.array_split(candidates, max(1, len(candidates) // 64))
    scores = np.concatenate([_squared_distance(np.sort(some @ half.T).T, cells[:, None]) for some in parts])
    best = _climb(half, candidates[int(scores.argmax())], float(scores.max()))
    squared, potential = wasserstein_to_normal(other @ best[:, None])
    deviation = _deviation(potential) / math.sqrt(len(other))
    distance = _root_interval(
        float(squared[0]), deviation, level, len(other), "other half, influence function, bias left"
    )
    return WorstDirection(distance, best, measured)


def _candidates(half: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    dim = half.shape[1]
    if dim == 1:
        return np.ones((1, 1))
    if (peak := float(np.abs(half).max())) > _LARGEST:
        half = half / peak  # so that fourth powers are finite; the axes are the same
    axes = extreme_eigenvectors(np.cov(half.T), 4)
    # Directions v that make Σ (‖z‖² − d) zzᵀ extreme are those of outlying fourth moments.
    weights = (half**2).sum(1) - dim
    fourth = extreme_eigenvectors((half * weights[:, None]).T @ half, 4)
    return np.concatenate([random_directions(dim, 64, rng), np.eye(dim), axes, fourth])


def _climb(half: np.ndarray, direction: np.ndarray, score: float) -> np.ndarray:
    """Gradient steps on the sphere, W₂² along the direction rising with each."""
    cells, step = _cells(len(half)), 0.5
    for _ in range(_STEPS):
        projected = half @ direction
        order = np.argsort(projected)
        gradient = half[order].T @ (projected[order] - cells) / len(half)
        if (peak := float(np.abs(gradient).max())) > _LARGEST:
            gradient /= peak  # only its direction is used
        gradient -= (gradient @ direction) * direction
        length = float(np.linalg.norm(gradient))
        if length < 1e-9 or step < 1e-3:
            break
        tried = direction + step * gradient / length
        tried /= np.linalg.norm(tried)
        found = float(_squared_distance(np.sort(half @ tried), cells))
        if found > score:
            direction, score = tried, found
        else:
            step /= 2
    return direction
