"""What a bound of one batch is worth in expectation: exactly, over all batches of finitely many pairs, at any batch size.

The mean over batches of a log of a sum is an integral, E log S = ∫ (e^(−t) − E e^(−tS))/t dt (Frullani), and the
transform of a sum of independent terms is a product. Laws with densities come in as the nodes of a quadrature.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from noisedim.streams import numpy_stream
from noisedim.theory.laws import Law

__all__ = ["PairTable", "law_nodes", "mean_log_of_batch"]

_STEP = 0.125
_LOWEST = -45.0
# Logs of sums, relative to the largest term, below which float64 has no e^(−s).
_LEAST = -700.0


def mean_log_of_batch(own: np.ndarray, logs: np.ndarray, weights: np.ndarray, batch: int) -> np.ndarray:
    """E log[(1/B)(e^own + Σ e^logs_J)] over B−1 independent J ~ ``weights``.

    Args:
        own: (q, k) logs of the term that is always there, k alternatives for each of q queries.
        logs: (q, m) logs of the other terms' values, by query.
        weights: (m,) probabilities.
        batch: B ≥ 1.

    Returns: (q, k), to about 1e-12 of the largest logarithm's range.
    """
    if batch == 1:
        return own.copy()
    top = np.maximum(logs.max(1), own.max(1))[:, None]
    terms, first = logs - top, own - top
    result = np.empty_like(first)
    for q in range(len(first)):
        # Until e^(−tS) is 0 for the smallest sum: the substitution t = e^s makes the trapezoidal rule converge fast.
        least = max(float(terms[q].min()), float(first[q].min()), _LEAST)
        s = np.arange(_LOWEST, 4.5 - least, _STEP)
        t = np.exp(s)
        with np.errstate(under="ignore"):
            others = np.exp(-np.exp(terms[q])[None, :] * t[:, None]) @ weights
            mine = np.exp(-np.exp(first[q])[None, :] * t[:, None])
            integrand = np.exp(-t)[:, None] - mine * (others ** (batch - 1))[:, None]
        result[q] = _STEP * integrand.sum(0)
    return result + top - math.log(batch)


@dataclass(frozen=True, eq=False)
class PairTable:
    """A law of pairs (f(X), f(X′)) on finitely many values.

    Attributes:
        points: values of f(X), (n, d).
        others: values of f(X′), (m, d).
        joint: (n, m) probabilities.
    """

    points: np.ndarray
    others: np.ndarray
    joint: np.ndarray

    @classmethod
    def random(cls, seed: int, *, size: int = 3, dim: int = 1, spread: float = 0.4) -> "PairTable":
        """Values of mean square d, those of f(X′) near those of f(X), and a joint law that keeps most of them together."""
        rng = numpy_stream(seed, "pair table")
        joint = 0.8 * np.diag(rng.dirichlet(np.ones(size))) + 0.2 * rng.dirichlet(np.ones(size * size)).reshape(
            size, size
        )
        points = rng.standard_normal((size, dim))
        points *= math.sqrt(dim / float(joint.sum(1) @ (points**2).sum(1)))
        return cls(points, points + spread * rng.standard_normal((size, dim)), joint)

    @classmethod
    def lazy(cls, points: np.ndarray, weights: np.ndarray, keep: float) -> "PairTable":
        """One dimension: f(X′) is f(X) with probability ``keep``, else an independent draw of the same law."""
        return cls(points[:, None], points[:, None], keep * np.diag(weights) + (1 - keep) * np.outer(weights, weights))

    @property
    def first_law(self) -> np.ndarray:
        """Probabilities of f(X), (n,)."""
        return self.joint.sum(1)

    @property
    def second_law(self) -> np.ndarray:
        """Probabilities of f(X′), (m,)."""
        return self.joint.sum(0)

    @property
    def information(self) -> float:
        """I(f(X′); f(X)), nats: what no noise could leave more of."""
        used = self.joint > 0
        ratio = self.joint[used] / np.outer(self.first_law, self.second_law)[used]
        return float(self.joint[used] @ np.log(ratio))

    def mean_positive(self, of_pairs: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        """E of a function of aligned rows (n, d), (n, d) over the pairs."""
        rows, columns = np.nonzero(self.joint)
        return float(self.joint[rows, columns] @ of_pairs(self.points[rows], self.others[columns]))

    def log_mean_kernel(self, log_kernel: np.ndarray) -> float:
        """log E κ over independent f(X), f(X′) of an (n, m) matrix of logs."""
        top = log_kernel.max()
        return float(top + np.log(self.first_law @ np.exp(log_kernel - top) @ self.second_law))

    def limit_row_term(self, log_kernel: np.ndarray) -> float:
        """E log E′ κ(f(X), f(X′)): what the rows of an infinite batch come to."""
        top = log_kernel.max(1)
        return float(self.first_law @ (top + np.log(np.exp(log_kernel - top[:, None]) @ self.second_law)))

    def row_term(self, log_kernel: np.ndarray, batch: int) -> float:
        """E log[(1/B) Σ_j κ(f_i, f_j′)], j = i included, over batches of B pairs."""
        means = mean_log_of_batch(log_kernel, log_kernel, self.second_law, batch)
        return float((self.joint * means).sum())

    def infonce(
        self, critic: Callable[[np.ndarray, np.ndarray], np.ndarray], noise: np.ndarray, mass: np.ndarray, batch: int
    ) -> float:
        """E of the InfoNCE value of a batch of B pairs with candidates f(X_j′) and queries f(X_i)+Z.

        Args:
            critic: from (m, d) and (k, d) to (m, k).
            noise: nodes of Z, (k, d), and
            mass: their weights, (k,), which add up to 1.
            batch: B.
        """
        total = 0.0
        for i, point in enumerate(self.points):
            scores = critic(self.others, point + noise).T  # (k, m)
            values = scores - mean_log_of_batch(scores, scores, self.second_law, batch)
            total += float(mass @ values @ self.joint[i])
        return total


def law_nodes(law: Law, *, nodes: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Points and probabilities that stand for a law: its atoms, and Gauss–Legendre nodes between its breakpoints."""
    points = [np.array([place for place, _ in law.atoms])]
    weights = [np.array([weight for _, weight in law.atoms])]
    edges = np.unique(law.breakpoints)
    places, masses = np.polynomial.legendre.leggauss(nodes)
    for low, high in itertools.pairwise(edges):
        x = low + (high - low) / 2 * (1 + places)
        points.append(x)
        weights.append((high - low) / 2 * masses * law.density(x))
    mass = np.concatenate(weights)
    some = mass > 1e-18
    return np.concatenate(points)[some], mass[some] / mass[some].sum()
