"""How far a sample is from N(0, I): effect sizes, whose values do not depend on how many rows there are."""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.statistics.calibration import one_blas_thread
from noisedim.statistics.intervals import Interval
from noisedim.statistics.pairs import pair_sum
from noisedim.theory.bounds import gaussian_dual_kernel

__all__ = [
    "TEST_SIGMA",
    "effective_rank",
    "mehler_divergence",
    "mehler_log_mean",
    "mehler_mean_excess",
    "random_directions",
    "sliced_wasserstein",
]

# The noise level of the Mehler-kernel test: r = 1/(1+σ²) = 0.5 weighs the moments of order k by 2^-k.
TEST_SIGMA = 1.0
_ROWS = 1024
# Below it, distances are computed by differences instead of products: these would round too much.
_SMALL_SIGMA = 0.05
# The diagonal may be subtracted while Σκ(z_i, z_i) < n²·1e4: rounding then changes the mean by about 1e-12.
_SAFE_LOG_DIAGONAL = math.log(1e4)
_SAFE_LOG_MEAN = math.log(1e-3)
_LARGEST = 1e100


def _log_row_means(z: np.ndarray, sigma: float) -> np.ndarray:
    """For each row i, the log of the mean of κ(z_i, z_j) over j ≠ i, (n,), in blocks of rows.

    In logs throughout: κ(z_i, z_i) = exp(‖z_i‖²/(2+σ²)) times a constant, which for an outlier, or in many dimensions,
    is larger than all other terms together. It is left out, not subtracted; what is far off does not overflow.
    """
    if (largest := float(np.abs(z).max())) > _LARGEST:
        raise InvalidInputError(f"z must lie within ±{_LARGEST:g}, so that squares are finite; got {largest:g}")
    points = torch.from_numpy(np.ascontiguousarray(z))
    n = len(points)
    means = np.empty(n)
    for start in range(0, n, _ROWS):
        rows = points[start : start + _ROWS]
        kernel = gaussian_dual_kernel(rows, points, sigma)
        own = torch.arange(len(rows))
        kernel[own, start + own] = -torch.inf
        means[start : start + _ROWS] = torch.logsumexp(kernel, 1).numpy()
    return means - math.log(n - 1)


def _log_mean(logs: np.ndarray) -> float:
    peak = float(logs.max())
    return peak + math.log(float(np.exp(logs - peak).mean()))


def mehler_log_mean(z: Any, sigma: float) -> float:
    r"""Log of the mean of κ(z_i, z_j) over i ≠ j, nats: the point estimate of :func:`mehler_divergence`, and no more.

    n times it tests the simple null N(0, I): E κ = 1 under it, and more under any other law whose matching moments
    the kernel weighs. Finite however far off the rows are.

    Args:
        z: (n, d) numbers, n >= 2.
        sigma: noise level of the kernel, > 0.

    Raises: InvalidInputError: for anything but a finite matrix of at least 2 rows, or ``sigma`` not positive.

    Source: mathematics.md section 3; :func:`noisedim.bounds.gaussian_dual_kernel`.

    >>> round(mehler_log_mean([[0.0], [1.0]], 1.0), 4)
    -0.0228
    """
    z = embedding_matrix("z", z, minimum_rows=2)
    sigma = positive("sigma", sigma)
    n, dim = z.shape
    # log κ = c + r⟨a,b⟩/(1−r²) − r²(‖a‖²+‖b‖²)/(2(1−r²)): half the exponentials as a pair sum, of which the diagonal is
    # taken off, where that costs no digits.
    r = 1 / (1 + sigma * sigma)
    if sigma >= _SMALL_SIGMA:
        points = torch.from_numpy(z * math.sqrt(r / (1 - r * r)))
        norms = points.square().sum(1)
        diagonal = norms * (1 - r)
        constant = -dim / 2 * math.log1p(-r * r)
        if constant + float(torch.logsumexp(diagonal, 0)) < _SAFE_LOG_DIAGONAL + 2 * math.log(n):
            with one_blas_thread():
                pairs = pair_sum(points, norms * (-r / 2)) - float(diagonal.exp().sum())
            log_mean = constant + math.log(max(pairs, 1e-300) / (n * (n - 1)))
            if log_mean > _SAFE_LOG_MEAN:
                return log_mean
    return _log_mean(_log_row_means(z, sigma))


def mehler_mean_excess(z: Any, sigma: float) -> float:
    """Unbiased estimate of E κ(Z₁, Z₂) − 1, which is the squared kernel distance MMD²_κ to N(0, I).

    Args: as :func:`mehler_log_mean`.

    Returns: at least −1; ``inf`` where it exceeds the largest float.

    Source: mathematics.md section 3; :func:`noisedim.bounds.gaussian_dual_kernel`.
    """
    log_mean = mehler_log_mean(z, sigma)
    return math.expm1(log_mean) if log_mean < 709 else math.inf


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
    rows = _log_row_means(z, sigma)
    # The true value is at least 0; a sample's can be below, and is shown so.
    estimate = _log_mean(rows)
    # Leaving row i out of the U-statistic: (n·mean·(n−1) − 2(n−1)·row_i) / ((n−1)(n−2)); here relative to the mean.
    # A row whose pairs are all that counts leaves nothing but rounding, hence the floor.
    without = (n - 2 * np.exp(rows - estimate)) / (n - 2)
    logs = np.log(np.maximum(without, 1e-15))
    deviation = math.sqrt((n - 1) / n * float(((logs - logs.mean()) ** 2).sum()))
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * deviation
    return Interval(estimate, estimate - half, estimate + half, level, n, "jackknife")


def sliced_wasserstein(z: Any, *, directions: int = 128, seed: int = 0) -> float:
    """Sliced 2-Wasserstein distance to N(0, I), in standard deviations of the prior.

    Per random direction, the distance of the projected rows' distribution to N(0, 1) is exact; the result is the root
    mean square over directions. A normal sample of n rows gives about sqrt(log log n / n), not 0.

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
    # ∫(x_(i) − q(u))² du over the i-th of n equal cells, with q the normal's quantile function, in closed form: the mean
    # of q over a cell is n times the density's fall from one end to the other, and the mean of q² over all is 1.
    ends = ndtri(np.arange(1, n) / n)
    density = np.concatenate([[0.0], np.exp(-(ends**2) / 2) / math.sqrt(2 * math.pi), [0.0]])
    cells = n * (density[:-1] - density[1:])
    # As (x − q̄)² plus the cells' own variance: x² − 2x·q̄ + 1 would cancel.
    return math.sqrt(float(((projected - cells[:, None]) ** 2).mean()) + max(0.0, 1 - float((cells**2).mean())))


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
    lengths = np.linalg.svd(z - z.mean(0), compute_uv=False)
    if lengths[0] == 0:
        return 0.0
    spectrum = (lengths / lengths[0]) ** 2
    shares = spectrum[spectrum > 0] / spectrum.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
