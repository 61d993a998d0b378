"""How far a sample is from N(0, I): effect sizes, whose values do not depend on how many rows there are."""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, positive_integer
from noisedim.statistics.intervals import Interval
from noisedim.statistics.pairs import pair_sum
from noisedim.theory.bounds import gaussian_dual_kernel

__all__ = ["TEST_SIGMA", "effective_rank", "mehler_divergence", "mehler_mean_excess", "sliced_wasserstein"]

# The noise level of the Mehler-kernel test: r = 1/(1+σ²) = 0.5 weighs the moments of order k by 2^-k.
TEST_SIGMA = 1.0
_ROWS = 1024
# Below it, distances are computed by differences instead of products: these would round too much.
_SMALL_SIGMA = 0.05


def _row_means(z: np.ndarray, sigma: float) -> np.ndarray:
    """For each row i, the mean of κ(z_i, z_j) over j ≠ i, (n,), in blocks of rows."""
    points = torch.from_numpy(np.ascontiguousarray(z))
    n = len(points)
    means = np.empty(n)
    for start in range(0, n, _ROWS):
        rows = points[start : start + _ROWS]
        kernel = gaussian_dual_kernel(rows, points, sigma).exp_()
        own = torch.arange(len(rows))
        means[start : start + _ROWS] = ((kernel.sum(1) - kernel[own, start + own]) / (n - 1)).numpy()
    return means


def mehler_mean_excess(z: Any, sigma: float) -> float:
    """Unbiased estimate of E κ(Z₁, Z₂) − 1, which is the squared kernel distance MMD²_κ to N(0, I).

    Args:
        z: (n, d) numbers, n >= 2.
        sigma: noise level of the kernel, > 0.

    Source: mathematics.md section 3; :func:`noisedim.bounds.gaussian_dual_kernel`.
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    sigma = positive("sigma", sigma)
    if sigma < _SMALL_SIGMA:
        return float(_row_means(z, sigma).mean() - 1)
    # log κ = c + r⟨a,b⟩/(1−r²) − r²(‖a‖²+‖b‖²)/(2(1−r²)): a pair sum, of which the diagonal is taken off.
    n, dim = z.shape
    r = 1 / (1 + sigma * sigma)
    points = torch.from_numpy(z * math.sqrt(r / (1 - r * r)))
    norms = points.square().sum(1)
    pairs = pair_sum(points, norms * (-r / 2)) - float(torch.exp(norms * (1 - r)).sum())
    return pairs * (1 - r * r) ** (-dim / 2) / (n * (n - 1)) - 1


def mehler_divergence(z: Any, sigma: float, *, level: float = 0.95) -> Interval:
    r"""Rényi divergence :math:`D_2(Z + \sigma N \,\|\, N(0, (1+\sigma^2)I))`, nats, estimated from all pairs of rows.

    It bounds the Kullback–Leibler divergence of the noisy law from above.

    Args:
        z: (n, d) numbers, n >= 3.
        sigma: noise level, > 0, in units of the prior's standard deviation.
        level: coverage of the interval, by the jackknife over rows and Student's t. It is approximate, and too short
            close to zero, where the U-statistic is degenerate: use the test for significance.

    Raises: InvalidInputError: for anything but a finite matrix of at least 3 rows, or ``sigma`` not positive.

    Source: mathematics.md section 3.
    """
    from scipy import stats

    z = embedding_matrix("z", z, minimum_rows=3)
    sigma = positive("sigma", sigma)
    n = len(z)
    rows = _row_means(z, sigma)
    mean = float(rows.mean())
    # Leaving row i out of the U-statistic: (n·mean·(n−1) − 2(n−1)·row_i) / ((n−1)(n−2)).
    without = (n * mean - 2 * rows) / (n - 2)
    # The true value is at least 0; a sample's can be below, and is shown so.
    logs = np.log(np.maximum(without, 1e-300))
    deviation = math.sqrt((n - 1) / n * float(((logs - logs.mean()) ** 2).sum()))
    estimate = math.log(max(mean, 1e-300))
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * deviation
    return Interval(estimate, estimate - half, estimate + half, level, n, "jackknife")


def sliced_wasserstein(z: Any, *, directions: int = 128, seed: int = 0) -> float:
    """Sliced 2-Wasserstein distance to N(0, I), in standard deviations of the prior.

    Per random direction the distance of the projected sample's quantile function to the normal's is exact for the
    mid-point quantiles; the result is the root mean square over directions. A normal sample of n rows gives about
    sqrt(log log n / n), not 0.

    Args:
        z: (n, d) numbers, n >= 2.
        directions: how many; in one dimension there is one.
        seed: of the directions.

    Source: Bonneel et al. (2015), J. Math. Imaging Vis. 51, 22–45.
    """
    from scipy.special import ndtri

    z = embedding_matrix("z", z, minimum_rows=2)
    n, dim = z.shape
    unit = random_directions(dim, positive_integer("directions", directions), np.random.default_rng(seed))
    projected = np.sort(z @ unit.T, axis=0)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    return float(np.sqrt(((projected - quantiles[:, None]) ** 2).mean()))


def random_directions(dim: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` independent uniform unit vectors, (count, dim); the one direction there is for ``dim`` = 1."""
    if dim == 1:
        return np.ones((1, 1))
    vectors = rng.standard_normal((count, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def effective_rank(z: Any) -> float:
    """exp of the entropy of the covariance's normalised spectrum: d for an isotropic law, 1 for one on a line.

    Source: Roy & Vetterli (2007), EUSIPCO, 606–610.

    >>> import numpy as np
    >>> round(effective_rank(np.array([[1.0, 1.0], [-1.0, -1.0]])), 3)
    1.0
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    spectrum = np.linalg.svd(z - z.mean(0), compute_uv=False) ** 2
    total = spectrum.sum()
    if total == 0:
        return 0.0
    shares = spectrum[spectrum > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))
