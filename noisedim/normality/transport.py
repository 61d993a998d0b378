"""Wasserstein distances of projections to N(0, 1): averaged over directions, and along the worst one found."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.normality.directions import random_directions
from noisedim.statistics.intervals import Interval
from noisedim.streams import numpy_stream

__all__ = ["WorstDirection", "max_sliced_wasserstein", "sliced_wasserstein", "wasserstein_to_normal"]

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
    n = len(projected)
    order = np.argsort(projected, axis=0)
    ordered = np.take_along_axis(projected, order, 0)
    cells = _cells(n)[:, None]
    # As (x − q̄)² plus the cells' own variance: x² − 2x·q̄ + 1 would cancel.
    squared = ((ordered - cells) ** 2).mean(0) + max(0.0, 1 - float((cells**2).mean()))
    slope = 2 * (ordered - cells)
    rise = np.diff(ordered, axis=0) * (slope[1:] + slope[:-1]) / 2
    along = np.concatenate([np.zeros((1, projected.shape[1])), np.cumsum(rise, axis=0)])
    potential = np.empty_like(along)
    np.put_along_axis(potential, order, along, 0)
    return squared, potential


def _deviation(values: np.ndarray) -> float:
    """The standard deviation, also of values whose squares are not finite."""
    peak = float(np.abs(values).max())
    return float(values.std()) if peak < _LARGEST else float((values / peak).std()) * peak


def _root_interval(squared: float, deviation: float, level: float, n: int, method: str) -> Interval:
    from scipy.special import ndtri

    half = float(ndtri((1 + level) / 2)) * deviation
    ends = (math.sqrt(max(0.0, squared - half)), math.sqrt(squared + half))
    return Interval(math.sqrt(squared), *ends, level, n, method)


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
    n = len(z)
    rng = numpy_stream(seed, "worst direction")
    order = rng.permutation(n)
    measured = order[n // 2 :]
    half, other = z[order[: n // 2][:_MOST_ROWS_TO_CLIMB]], z[measured]
    candidates = _candidates(half, rng)
    scores = np.concatenate(
        [wasserstein_to_normal(half @ some.T)[0] for some in np.array_split(candidates, max(1, len(candidates) // 64))]
    )
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
    axes = np.linalg.eigh(np.cov(half.T))[1].T
    # Directions v that make Σ (‖z‖² − d) zzᵀ extreme are those of outlying fourth moments.
    weights = (half**2).sum(1) - dim
    fourth = np.linalg.eigh((half * weights[:, None]).T @ half)[1].T
    ends = np.unique(np.r_[0:4, -4:0] % dim)
    return np.concatenate([random_directions(dim, 64, rng), np.eye(dim), axes[ends], fourth[ends]])


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
        found = float(wasserstein_to_normal((half @ tried)[:, None])[0][0])
        if found > score:
            direction, score = tried, found
        else:
            step /= 2
    return direction
