"""Does each coordinate of an embedding hold one factor of the data? For data whose factors are known."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import embedding_matrix, positive_integer
from noisedim.errors import InvalidInputError

__all__ = ["DCI", "Gap", "dci", "discretised", "mutual_information_gap", "randomly_rotated"]


@dataclass(frozen=True)
class Gap:
    """The mutual information gap.

    Attributes:
        value: mean over factors, from 0 (two coordinates are equally informative) to 1 (one coordinate determines the
            factor and no other is informative).
        by_factor: the gap of each factor.
        information: mutual information of coordinate and factor, (d, k), nats, by the plug-in estimate on bins.
        at_independence: mean of ``value`` when the rows of the embedding are shuffled: the gap that the bias of the
            plug-in estimate, about (bins − 1)(levels − 1)/(2n) nats, produces without any dependence.
    """

    value: float
    by_factor: tuple[float, ...]
    information: np.ndarray
    at_independence: float


@dataclass(frozen=True)
class DCI:
    """Disentanglement, completeness and informativeness, each from 0 to 1.

    Attributes:
        disentanglement: 1 if each coordinate predicts only one factor.
        completeness: 1 if each factor is predicted by only one coordinate.
        informativeness: mean over factors of the prediction accuracy on test rows.
        accuracies: the prediction accuracy of each factor.
        importances: importance of each coordinate for each factor, (d, k); columns sum to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    accuracies: tuple[float, ...]
    importances: np.ndarray


def discretised(z: np.ndarray, bins: int) -> np.ndarray:
    """Bin indices (n, d), int64, for bins of equal frequency in each coordinate; equal values share a bin.

    Unlike bins of equal width, they do not change under increasing maps of a coordinate, so that embeddings with priors of
    different shape can be compared.
    """
    from scipy import stats

    middle = stats.rankdata(z, axis=0) - 0.5
    return np.floor(middle * bins / len(z)).astype(np.int64)


def mutual_information_gap(z: Any, factors: Any, *, bins: int = 20, shuffles: int = 10, seed: int = 0) -> Gap:
    r"""MIG: how much more information the best coordinate has on a factor than the second best, relative to its entropy.

    .. math:: \frac1K \sum_k \frac{I(z_{(1)}; v_k) - I(z_{(2)}; v_k)}{H(v_k)}

    Args:
        z: embeddings, (n, d), d >= 2.
        factors: integers, (n, k), each with two levels or more.
        bins: number of bins of equal frequency for each coordinate; 20 is usual.
        shuffles: number of random permutations of the rows for ``at_independence``.
        seed: seed of the permutations.

    Raises: InvalidInputError: for shapes that do not match, fewer than 2 coordinates, or a factor that does not vary.

    Source: Chen, Li, Grosse & Duvenaud (2018), arXiv 1802.04942, eq. (6). Checked by
        tests/downstream/test_disentanglement.py.
    """
    z, factors = _checked(z, factors)
    if z.shape[1] < 2:
        raise InvalidInputError(f"z must have at least 2 coordinates for there to be a gap; got {z.shape[1]}")
    codes = discretised(z, positive_integer("bins", bins, minimum=2))
    factors = np.stack([np.unique(column, return_inverse=True)[1] for column in factors.T], 1)
    entropies = np.array([_entropy(np.bincount(column)) for column in factors.T])
    information = _information(codes, factors)
    rng = np.random.default_rng([seed, 11])
    shuffled = [_gaps(_information(rng.permutation(codes), factors), entropies).mean() for _ in range(shuffles)]
    gaps = _gaps(information, entropies)
    return Gap(float(gaps.mean()), tuple(gaps.tolist()), information, float(np.mean(shuffled)) if shuffled else 0.0)


def _gaps(information: np.ndarray, entropies: np.ndarray) -> np.ndarray:
    ordered = np.sort(information, axis=0)
    return np.asarray((ordered[-1] - ordered[-2]) / entropies)


def _information(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    found = np.empty((codes.shape[1], factors.shape[1]))
    for j, factor in enumerate(factors.T):
        own = _entropy(np.bincount(factor))
        for i, code in enumerate(codes.T):
            joint = _entropy(np.bincount(code * (factor.max() + 1) + factor))
            found[i, j] = max(0.0, own + _entropy(np.bincount(code)) - joint)
    return found


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def dci(z: Any, factors: Any, test_z: Any, test_factors: Any, *, trees: int = 20, seed: int = 0) -> DCI:
    r"""DCI from the importances of a random forest for each factor.

    Let R be the importances, P the rows of R divided by their sums and ρ the rows' shares of the total. Disentanglement is
    :math:`\sum_i \rho_i (1 - H_k(P_{i\cdot}))`, with entropies to the base of the number of factors k; completeness is the
    mean over factors of 1 minus the entropy of a column of R, to the base of the number of coordinates.

    Args:
        z, factors: rows that the forests are fitted to, (n, d) and integers (n, k).
        test_z, test_factors: rows on which informativeness is measured.
        trees: trees in each forest. Every split sees all coordinates, so that uninformative ones get no importance.
        seed: seed of the forests.

    Raises: InvalidInputError: for shapes that do not match, or fewer than 2 coordinates or factors, or a factor that
        does not vary.

    Source: Eastwood & Williams (2018), ICLR, Section 2. Checked by tests/downstream/test_disentanglement.py.
    """
    from sklearn.ensemble import RandomForestClassifier

    z, factors = _checked(z, factors)
    test_z, test_factors = _checked(test_z, test_factors, varying=False)
    if (z.shape[1], factors.shape[1]) != (test_z.shape[1], test_factors.shape[1]):
        raise InvalidInputError(
            f"test rows must have the same {z.shape[1]} coordinates and {factors.shape[1]} factors; "
            f"got {test_z.shape[1]} and {test_factors.shape[1]}"
        )
    if min(z.shape[1], factors.shape[1]) < 2:
        raise InvalidInputError(f"expected 2 or more coordinates and factors; got {z.shape[1]} and {factors.shape[1]}")
    importances, accuracies = np.empty((z.shape[1], factors.shape[1])), []
    for j, factor in enumerate(factors.T):
        forest = RandomForestClassifier(trees, max_features=None, min_samples_leaf=4, random_state=seed)
        forest.fit(z, factor)
        importances[:, j] = forest.feature_importances_
        accuracies.append(float(forest.score(test_z, test_factors[:, j])))
    rows = importances.sum(1)
    by_row = np.array([1 - _relative_entropy(row) for row in importances])
    by_column = [1 - _relative_entropy(column) for column in importances.T]
    return DCI(
        float(rows @ by_row / rows.sum()),
        float(np.mean(by_column)),
        float(np.mean(accuracies)),
        tuple(accuracies),
        importances,
    )


def _relative_entropy(weights: np.ndarray) -> float:
    """Entropy divided by its largest possible value; 1 if all weights are zero."""
    return _entropy(weights) / float(np.log(len(weights))) if weights.any() else 1.0


def randomly_rotated(z: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The rows after one random rotation or reflection from the Haar measure, (n, d)."""
    from scipy import stats

    dim = z.shape[1]
    return z @ (stats.ortho_group.rvs(dim, random_state=seed) if dim > 1 else np.eye(1))


def _checked(z: Any, factors: Any, *, varying: bool = True) -> tuple[np.ndarray, np.ndarray]:
    z = embedding_matrix("z", z, minimum_rows=10)
    factors = np.asarray(factors)
    if factors.ndim != 2 or len(factors) != len(z) or factors.dtype.kind not in "iu":
        raise InvalidInputError(
            f"factors must be integers of shape ({len(z)}, k), one row per row of z; got {factors.shape}, {factors.dtype}"
        )
    constant = np.flatnonzero((factors == factors[0]).all(0))
    if varying and len(constant):
        raise InvalidInputError(f"every factor must take 2 or more values; factor {constant[0]} is constant")
    return z, factors
