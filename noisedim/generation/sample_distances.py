"""Comparisons of two samples of features: kernel and Fréchet distance, precision and recall, coverage of classes.

One row per sample, one column per feature. These numbers have no meaning without the features, so callers must say
which features they use.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError

__all__ = [
    "ClassCoverage",
    "class_coverage",
    "cubic_kernel",
    "frechet_distance",
    "kernel_distance",
    "mean_kernel_within",
    "precision_recall",
]

_ROWS = 1024


def cubic_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(⟨a, b⟩/d + 1)³ for all pairs of rows: (n, d) and (m, d) to (n, m)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def mean_kernel_within(a: np.ndarray) -> float:
    """Mean of the cubic kernel over all pairs of different rows, (n, d), n >= 2, in memory linear in n."""
    n = len(a)
    total = sum(float(cubic_kernel(a[start : start + _ROWS], a).sum()) for start in range(0, n, _ROWS))
    own = float((((a**2).sum(1) / a.shape[1] + 1) ** 3).sum())
    return (total - own) / (n * (n - 1))


def _mean_kernel_between(a: np.ndarray, b: np.ndarray, *, paired: bool) -> float:
    n, m = len(a), len(b)
    total = sum(float(cubic_kernel(a[start : start + _ROWS], b).sum()) for start in range(0, n, _ROWS))
    if not paired:
        return total / (n * m)
    own = float((((a * b).sum(1) / a.shape[1] + 1) ** 3).sum())
    return (total - own) / (n * (n - 1))


def kernel_distance(a: Any, b: Any, *, paired: bool = False) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy of two samples under the cubic kernel ("KID").

    It can be negative: its expectation is 0 for two samples of the same law.

    Args:
        a, b: (n, d) and (m, d) features, n, m >= 2.
        paired: whether row i of ``a`` was made from row i of ``b`` (n = m); such pairs are left out of the cross term, so
            that the estimate is unbiased although the samples are not independent.

    Raises: InvalidInputError: for features of different dimension, fewer than two rows, or unequal numbers if paired.

    Source: Bińkowski et al., arXiv 1801.01401, eq. (3) and (4); paired: Gretton et al. (2012), JMLR 13, eq. (4).
    """
    a = embedding_matrix("a", a, minimum_rows=2)
    b = embedding_matrix("b", b, dim=a.shape[1], minimum_rows=2)
    if paired and len(a) != len(b):
        raise InvalidInputError(f"paired samples must have equally many rows; got {len(a)} and {len(b)}")
    return mean_kernel_within(a) + mean_kernel_within(b) - 2 * _mean_kernel_between(a, b, paired=paired)


def frechet_distance(a: Any, b: Any) -> float:
    r"""Squared 2-Wasserstein distance between the normal laws with the samples' means and covariances ("FID").

    .. math:: \|m_a - m_b\|^2 + \mathrm{tr}(S_a) + \mathrm{tr}(S_b) - 2\,\mathrm{tr}\bigl((S_a S_b)^{1/2}\bigr)

    Its bias falls only as 1/n, so only values at equal n are comparable.

    Args:
        a, b: (n, d) and (m, d) features, n, m >= 2.

    Raises: InvalidInputError: for features of different dimension or fewer than two rows.

    Source: Dowson & Landau (1982), Journal of Multivariate Analysis 12, eq. (4); Heusel et al., arXiv 1706.08500.
    """
    a = embedding_matrix("a", a, minimum_rows=2)
    b = embedding_matrix("b", b, dim=a.shape[1], minimum_rows=2)
    # tr (S_a S_b)^½ is the sum of the singular values of A Bᵀ for centred samples over √(n−1), so that no root of a matrix
    # is needed that rounding may make indefinite.
    centred = [(sample - sample.mean(0)) / np.sqrt(len(sample) - 1) for sample in (a, b)]
    spread = sum(float((sample**2).sum()) for sample in centred)
    common = float(np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum())
    return float(((a.mean(0) - b.mean(0)) ** 2).sum()) + spread - 2 * common


def _radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Distance of each row to its ``neighbours``-th nearest other row."""
    radii = np.empty(len(points))
    for start in range(0, len(points), _ROWS):
        distances = _distances(points[start : start + _ROWS], points)
        radii[start : start + _ROWS] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return radii


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import cdist

    return cdist(a, b)


def _share_inside(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> float:
    inside = 0
    for start in range(0, len(points), _ROWS):
        inside += int((_distances(points[start : start + _ROWS], centres) <= radii).any(1).sum())
    return inside / len(points)


def precision_recall(generated: Any, real: Any, *, neighbours: int = 3) -> tuple[float, float]:
    """Share of generated samples in the region of the real ones (precision), and of real in that of the generated (recall).

    The region of a sample is the union of balls around its rows, each with the distance to the k-th nearest other row as
    its radius. Both shares depend on the numbers of rows and are below 1 even for two samples of the same law.

    Args:
        generated: (n, d) features.
        real: (m, d) features.
        neighbours: k; each sample needs more than k rows.

    Raises: InvalidInputError: for features of different dimension, or too few rows.

    Source: Kynkäänniemi et al., arXiv 1904.06991, eq. (1) and (2), Algorithm 1.
    """
    neighbours = positive_integer("neighbours", neighbours)
    generated = embedding_matrix("generated", generated, minimum_rows=neighbours + 1)
    real = embedding_matrix("real", real, dim=generated.shape[1], minimum_rows=neighbours + 1)
    precision = _share_inside(generated, real, _radii(real, neighbours))
    return precision, _share_inside(real, generated, _radii(generated, neighbours))


@dataclass(frozen=True)
class ClassCoverage:
    """The classes of a generated sample compared with those of a real one.

    Attributes:
        generated, real: shares of the classes; each list sums to 1.
        distance: total variation distance between the two, in [0, 1].
        missing: classes with less than a tenth of their real share.
    """

    generated: list[float]
    real: list[float]
    distance: float
    missing: list[int]


def class_coverage(generated: Any, real: Any, *, classes: int) -> ClassCoverage:
    """Compare the shares of classes in a generated sample with those in a real one.

    Args:
        generated, real: classes from 0 to ``classes`` − 1, integers, (n,) and (m,).
        classes: number of classes.

    Raises: InvalidInputError: for samples without rows, or classes out of range.
    """
    classes = positive_integer("classes", classes)
    shares = []
    for name, labels in (("generated", generated), ("real", real)):
        labels = np.asarray(labels)
        if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
            raise InvalidInputError(f"{name} must be one or more integers; got {labels.shape}, {labels.dtype}")
        if labels.min() < 0 or labels.max() >= classes:
            raise InvalidInputError(f"{name} must be from 0 to {classes - 1}; got {labels.min()} to {labels.max()}")
        shares.append(np.bincount(labels, minlength=classes) / len(labels))
    own, wanted = shares
    missing = np.flatnonzero((wanted > 0) & (own < wanted / 10)).tolist()
    return ClassCoverage(own.tolist(), wanted.tolist(), float(np.abs(own - wanted).sum() / 2), missing)
