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
        value: mean over factors, from 0 (two coordinates know as much) to 1 (one knows all, every other nothing).
        by_factor: one a factor.
        information: between coordinate and factor, (d, k), nats, by the plug-in estimate on bins.
        at_independence: what ``value`` comes to when the rows of the embedding are shuffled: what the bias of the plug-in
            estimate, about (bins − 1)(levels − 1)/(2n) nats, leaves of a gap where there is none.
    """

    value: float
    by_factor: tuple[float, ...]
    information: np.ndarray
    at_independence: float


@dataclass(frozen=True)
class DCI:
    """Disentanglement, completeness and informativeness, each from 0 to 1.

    Attributes:
        disentanglement: does a coordinate serve one factor only?
        completeness: is a factor served by one coordinate only?
        informativeness: mean accuracy with which factors are told on rows that fitted nothing.
        accuracies: the same, factor by factor.
        importances: of coordinate for factor, (d, k); columns sum to 1.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    accuracies: tuple[float, ...]
    importances: np.ndarray


def discretised(z: np.ndarray, bins: int) -> np.ndarray:
    """Numbers of bins of equal frequency, coordinate by coordinate, (n, d) int64; equal values share a bin.

    Unlike bins of equal width, they are the same after any increasing map of a coordinate: priors of different shape are
    compared alike.
    """
    from scipy import stats

    middle = stats.rankdata(z, axis=0) - 0.5
    return np.floor(middle * bins / len(z)).astype(np.int64)


def mutual_information_gap(z: Any, factors: Any, *, bins: int = 20, shuffles: int = 10, seed: int = 0) -> Gap:
    r"""MIG: by how much the coordinate that knows a factor best is ahead of the second, as a share of its entropy.

    .. math:: \frac1K \sum_k \frac{I(z_{(1)}; v_k) - I(z_{(2)}; v_k)}{H(v_k)}

    Args:
        z: embeddings, (n, d), d >= 2.
        factors: integers, (n, k), each with two levels or more.
        bins: of equal frequency, in which each coordinate is counted; 20 as is usual.
        shuffles: random orders of the rows for ``at_independence``.
        seed: of those.

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

    With R the importances, P their rows over their sums and ρ the rows' shares of the whole: disentanglement is
    :math:`\sum_i \rho_i (1 - H_k(P_{i\cdot}))`, entropies to the base of the number of factors, and completeness is the
    mean over factors of the same along columns.

    Args:
        z, factors: rows that fit the forests, (n, d) and integers (n, k).
        test_z, test_factors: rows on which informativeness is measured.
        trees: of each forest. Every split sees all coordinates, so that one that says nothing is given nothing.
        seed: of the forests.

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
    """Entropy as a share of the largest; 1 where there is no weight at all."""
    return _entropy(weights) / float(np.log(len(weights))) if weights.any() else 1.0


def randomly_rotated(z: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The rows under one random rotation or reflection, uniform over all (Haar), (n, d)."""
    from scipy import stats

    dim = z.shape[1]
    return z @ (stats.ortho_group.rvs(dim, random_state=seed) if dim > 1 else np.eye(1))


def _checked(z: Any, factors: Any, *, varying: bool = True) -> tuple[np.ndarray, np.ndarray]:
    z = embedding_matrix("z", z, minimum_rows=10)
    factors = np.asarray(factors)
    if factors.ndim != 2 or len(factors) != len(z) or factors.dtype.kind not in "iu":
        raise InvalidInputError(
            f"factors must be integers of shape ({len(z)}, k), one row a row of z; got {factors.shape}, {factors.dtype}"
        )
    constant = np.flatnonzero((factors == factors[0]).all(0))
    if varying and len(constant):
        raise InvalidInputError(f"every factor must take 2 or more values; factor {constant[0]} is constant")
    return z, factors
