"""Synthetic pairs (f(X), f(X′)) whose information through a noisy channel is known.

A source stands for an encoder with its data and augmentation. It knows the law of f(X), how f(X′) follows it, and from
that every quantity in the paper's claims, each computed from its own definition so that identities between them can be
checked. Nothing is random but ``sample``, which takes a NumPy generator.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from noisedim.checks import positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import (
    differential_entropy,
    gaussian_entropy,
    gaussian_information,
    gaussian_kl_divergence,
    gaussian_renyi_2_divergence,
    kl_divergence,
    renyi_2_divergence,
)
from noisedim.theory.laws import Atoms, Law, Mixture, Normal, expectation
from noisedim.theory.sums import add

__all__ = ["DiscreteSource", "GaussianSource", "LazySource", "Source"]


class Source(ABC):
    """Pairs (f(X), f(X′)) in ``dim`` dimensions; noise is a :class:`Law` of one coordinate, the same in each.

    Attributes:
        name: for reports.
        dim: d.
        weakly_invariant: whether f(X) = g(f(X)) = g(f(X′)) for some g.
        keeps: the largest known α with P(X = X′ | X) >= α.
        squared_distance: E‖f(X) − f(X′)‖².
    """

    name: str
    dim: int

    @property
    @abstractmethod
    def weakly_invariant(self) -> bool: ...

    @property
    @abstractmethod
    def keeps(self) -> float: ...

    @property
    @abstractmethod
    def squared_distance(self) -> float: ...

    @abstractmethod
    def information(self, noise: Law) -> float:
        """I(f(X′); f(X)+Z), nats."""

    @abstractmethod
    def residual_information(self, noise: Law) -> float:
        """I(f(X)+Z; f(X) | f(X′)), nats: what augmentation loses."""

    @abstractmethod
    def entropy(self) -> float:
        """h(f(X)), nats; ``-inf`` for atoms."""

    @abstractmethod
    def noisy_entropy(self, noise: Law) -> float:
        """h(f(X)+Z), nats."""

    @abstractmethod
    def divergence(self, reference: Law) -> float:
        """KL(f(X) ‖ reference^d), nats."""

    @abstractmethod
    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        """KL(f(X)+Z ‖ reference^d), nats."""

    @abstractmethod
    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        """D₂(f(X)+Z ‖ reference^d), nats."""

    @abstractmethod
    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        """log p(y | x′)/p(y), nats, at rows (n, d) of f(X′) and f(X)+Z; its mean over the source is the information."""

    @abstractmethod
    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n independent pairs, two (n, d) arrays: f(X), f(X′)."""

    def noise_entropy(self, noise: Law) -> float:
        """h(Z), nats."""
        return self.dim * differential_entropy(noise)

    def noise_information(self, noise: Law) -> float:
        """I(Z; f(X)+Z) = h(f(X)+Z) − h(f(X)), nats; ``inf`` for atoms."""
        return self.noisy_entropy(noise) - self.entropy()

    def sample_noise(self, noise: Law, n: int, generator: np.random.Generator) -> np.ndarray:
        """(n, d) draws of Z."""
        return noise.sample(n * self.dim, generator).reshape(n, self.dim)


def _log(density: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(density)


@dataclass(frozen=True, eq=False)
class _ProductSource(Source):
    """Independent, equally distributed coordinates: everything adds over them."""

    law: Law
    dim: int = 1
    name: str = ""

    def __post_init__(self) -> None:
        positive_integer("dim", self.dim)
        if not self.name:
            object.__setattr__(self, "name", f"{type(self.law).__name__.lower()}, d={self.dim}")

    def entropy(self) -> float:
        return self.dim * differential_entropy(self.law)

    def noisy_entropy(self, noise: Law) -> float:
        return self.dim * differential_entropy(add(self.law, noise))

    def divergence(self, reference: Law) -> float:
        return self.dim * kl_divergence(self.law, reference)

    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        return self.dim * kl_divergence(add(self.law, noise), reference)

    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        return self.dim * renyi_2_divergence(add(self.law, noise), reference)


@dataclass(frozen=True, eq=False)
class LazySource(_ProductSource):
    """Each coordinate of f(X′) is that of f(X) with probability ``keep``, else an independent draw of the same law.

    ``keep=1`` is X′ = X: weakly invariant, so the information is all that the channel takes of this law.

    >>> from noisedim.theory.laws import Normal
    >>> round(LazySource(Normal(0, 1), dim=2).information(Normal(0, 0.1)), 4)
    4.6151
    """

    keep: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        unit_interval("keep", self.keep)
        if self.keep < 1 and not self.name.endswith(")"):
            object.__setattr__(self, "name", f"{self.name} (kept with probability {self.keep:g})")

    @property
    def weakly_invariant(self) -> bool:
        return self.keep == 1

    @property
    def keeps(self) -> float:
        return self.keep**self.dim

    @property
    def squared_distance(self) -> float:
        return self.dim * (1 - self.keep) * 2 * self.law.variance

    def _given(self, other: float, noise: Law) -> Law:
        """The law of Y given f(X′) = other, one coordinate."""
        here = noise.shifted(other)
        return here if self.keep == 1 else Mixture((here, add(self.law, noise)), (self.keep, 1 - self.keep))

    def information(self, noise: Law) -> float:
        # E over x′ of KL(P(Y|x′) ‖ P(Y)): the definition, not the difference of entropies.
        marginal = add(self.law, noise)
        one = expectation(lambda other: kl_divergence(self._given(other, noise), marginal), self.law, tolerance=1e-10)
        return self.dim * one

    def residual_information(self, noise: Law) -> float:
        if self.keep == 1:
            return 0.0
        lost = expectation(lambda other: differential_entropy(self._given(other, noise)), self.law, tolerance=1e-10)
        return self.dim * (lost - differential_entropy(noise))

    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        marginal = add(self.law, noise).density(noisy)
        given = self.keep * noise.density(noisy - other) + (1 - self.keep) * marginal
        return (_log(given) - _log(marginal)).sum(1)

    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        first = self.law.sample(n * self.dim, generator).reshape(n, self.dim)
        second = self.law.sample(n * self.dim, generator).reshape(n, self.dim)
        kept = generator.random((n, self.dim)) < self.keep
        return first, np.where(kept, first, second)


@dataclass(frozen=True, eq=False)
class DiscreteSource(_ProductSource):
    """Any joint law of finitely many values, the same and independent in each coordinate.

    Args:
        points: values of f(X), (k,).
        others: values of f(X′), (m,), distinct.
        joint: (k, m) probabilities.
        keeps_at_least: α with P(X = X′ | X) >= α per coordinate; not derivable from the values of f.

    >>> flipped = DiscreteSource.of([0.0, 1.0], [0.0, 1.0], [[0.0, 0.5], [0.5, 0.0]])
    >>> flipped.weakly_invariant, flipped.residual_information(Normal(0, 0.1))
    (False, 0.0)
    """

    others: tuple[float, ...] = ()
    joint: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    keeps_at_least: float = 0.0

    @classmethod
    def of(
        cls, points: Any, others: Any, joint: Any, *, dim: int = 1, name: str = "", keeps_at_least: float = 0.0
    ) -> "DiscreteSource":
        """Build a source from the values and their joint probabilities."""
        table = np.asarray(joint, dtype=np.float64)
        first, second = tuple(float(x) for x in points), tuple(float(x) for x in others)
        if table.shape != (len(first), len(second)) or not (table >= 0).all() or abs(table.sum() - 1) > 1e-12:
            raise InvalidInputError(f"joint must be ({len(first)}, {len(second)}) probabilities; got {table.shape}")
        if len(set(second)) != len(second) or len(set(first)) != len(first):
            raise InvalidInputError("points and others must hold distinct values")
        return cls(
            law=Atoms(first, tuple(table.sum(1))),
            dim=dim,
            name=name or f"{len(first)} by {len(second)} atoms, d={dim}",
            others=second,
            joint=table,
            keeps_at_least=unit_interval("keeps_at_least", keeps_at_least),
        )

    @property
    def _columns(self) -> list[tuple[float, float, Atoms]]:
        """(value of f(X′), its probability, law of f(X) given it) for each value that occurs."""
        found = []
        points = np.array(self.law.breakpoints if len(self.law.atoms) == len(self.joint) else self._points)
        for k, other in enumerate(self.others):
            mass = float(self.joint[:, k].sum())
            if mass > 0:
                chosen = self.joint[:, k] > 0
                weights = self.joint[chosen, k] / mass
                found.append((other, mass, Atoms(tuple(points[chosen]), tuple(weights / weights.sum()))))
        return found

    @property
    def _points(self) -> tuple[float, ...]:
        return self.law.points if isinstance(self.law, Atoms) else ()

    @property
    def weakly_invariant(self) -> bool:
        # f(X) is a function g of f(X′), and that g leaves every value of f(X) where it is.
        images: dict[float, float] = {}
        for other, _, given in self._columns:
            if len(given.points) > 1:
                return False
            images[other] = given.points[0]
        return all(images.get(point, point) == point for point, _ in self.law.atoms)

    @property
    def keeps(self) -> float:
        return self.keeps_at_least**self.dim

    @property
    def squared_distance(self) -> float:
        apart = np.subtract.outer(np.array(self._points), np.array(self.others)) ** 2
        return self.dim * float((self.joint * apart).sum())

    def information(self, noise: Law) -> float:
        marginal = add(self.law, noise)
        return self.dim * math.fsum(
            mass * kl_divergence(add(given, noise), marginal) for _, mass, given in self._columns
        )

    def residual_information(self, noise: Law) -> float:
        total = 0.0
        for _, mass, given in self._columns:
            if len(given.points) > 1:
                noisy = add(given, noise)
                total += mass * math.fsum(w * kl_divergence(noise.shifted(x), noisy) for x, w in given.atoms)
        return self.dim * total

    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        given = np.zeros_like(noisy)
        for value, _, law in self._columns:
            here = other == value
            given[here] = add(law, noise).density(noisy[here])
        return (_log(given) - _log(add(self.law, noise).density(noisy))).sum(1)

    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        cells = generator.choice(self.joint.size, size=(n, self.dim), p=self.joint.ravel())
        rows, columns = np.unravel_index(cells, self.joint.shape)
        return np.array(self._points)[rows], np.array(self.others)[columns]


@dataclass(frozen=True, eq=False)
class GaussianSource(Source):
    """Jointly Gaussian, centred f(X) and f(X′) with any covariances.

    Args:
        covariance: of f(X), (d, d), positive definite.
        cross: Cov(f(X), f(X′)), (d, d).
        other: covariance of f(X′), (d, d); that of f(X) unless given.
        name: for reports.

    >>> pair = GaussianSource.correlated(2, 0.9)
    >>> round(pair.information(Normal(0, 0.1)), 4)
    1.6194
    """

    covariance: np.ndarray
    cross: np.ndarray
    other: np.ndarray
    name: str
    same: bool = False

    @classmethod
    def of(cls, covariance: Any, cross: Any = None, other: Any = None, *, name: str = "") -> "GaussianSource":
        """Build a source; without ``cross``, f(X′) = f(X)."""
        first = np.asarray(covariance, dtype=np.float64)
        gaussian_entropy(first)  # refuses what is not positive definite
        second = first if other is None else np.asarray(other, dtype=np.float64)
        between = first if cross is None else np.asarray(cross, dtype=np.float64)
        gaussian_entropy(second)
        if between.shape != first.shape or second.shape != first.shape:
            raise InvalidInputError(f"covariances must have one shape; got {first.shape}, {between.shape}")
        least = np.linalg.eigvalsh(np.block([[first, between], [between.T, second]])).min()
        if least < -1e-10 * np.trace(first):
            raise InvalidInputError(f"the joint covariance has a negative eigenvalue, {least:.3g}")
        return cls(first, between, second, name or f"gaussian, d={len(first)}", cross is None and other is None)

    @classmethod
    def correlated(cls, dim: int, correlation: float) -> "GaussianSource":
        """Standard normal f(X) and f(X′) with one correlation in [−1, 1] between matching coordinates."""
        if not -1 <= correlation <= 1:
            raise InvalidInputError(f"correlation must lie in [-1, 1]; got {correlation!r}")
        eye = np.eye(positive_integer("dim", dim))
        name = f"gaussian, d={dim}, correlation {correlation:g}"
        return cls(eye, correlation * eye, eye, name, correlation == 1)

    @property
    def dim(self) -> int:  # type: ignore[override]
        return len(self.covariance)

    @property
    def weakly_invariant(self) -> bool:
        return self.same

    @property
    def keeps(self) -> float:
        return 1.0 if self.same else 0.0

    @property
    def squared_distance(self) -> float:
        return 0.0 if self.same else float(np.trace(self.covariance + self.other - self.cross - self.cross.T))

    def _noise_variance(self, noise: Law) -> float:
        if not isinstance(noise, Normal) or noise.center != 0:
            raise InvalidInputError(f"a Gaussian source takes centred Normal noise; got {noise!r}")
        return noise.variance

    def _noisy(self, noise: Law) -> np.ndarray:
        return self.covariance + self._noise_variance(noise) * np.eye(self.dim)

    def _given(self) -> np.ndarray:
        """Covariance of f(X) given f(X′)."""
        if self.same:
            return np.zeros_like(self.covariance)
        left = self.covariance - self.cross @ np.linalg.solve(self.other, self.cross.T)
        return (left + left.T) / 2

    def information(self, noise: Law) -> float:
        # From the joint covariance of (Y, f(X′)); f(X′) = f(X) is jittered by nothing, since Y has noise of its own.
        joint = np.block([[self._noisy(noise), self.cross], [self.cross.T, self.other]])
        return gaussian_information((joint + joint.T) / 2, self.dim)

    def residual_information(self, noise: Law) -> float:
        # ½ Σ log(1 + λ/σ²) over the eigenvalues of Cov(f(X) | f(X′)).
        spread = np.clip(np.linalg.eigvalsh(self._given()), 0, None)
        return float(np.log1p(spread / self._noise_variance(noise)).sum()) / 2

    def entropy(self) -> float:
        return gaussian_entropy(self.covariance)

    def noisy_entropy(self, noise: Law) -> float:
        return gaussian_entropy(self._noisy(noise))

    def noise_information(self, noise: Law) -> float:
        joint = np.block([[self._noisy(noise), self._noise_variance(noise) * np.eye(self.dim)]])
        joint = np.vstack([joint, self._noise_variance(noise) * np.eye(self.dim, 2 * self.dim)])
        joint[self.dim :, self.dim :] = self._noise_variance(noise) * np.eye(self.dim)
        return gaussian_information(joint, self.dim)

    def _reference(self, reference: Law) -> tuple[np.ndarray, np.ndarray]:
        if not isinstance(reference, Normal):
            raise InvalidInputError(f"a Gaussian source is compared with a Normal reference; got {reference!r}")
        return np.full(self.dim, reference.center), reference.variance * np.eye(self.dim)

    def divergence(self, reference: Law) -> float:
        return gaussian_kl_divergence(np.zeros(self.dim), self.covariance, *self._reference(reference))

    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        return gaussian_kl_divergence(np.zeros(self.dim), self._noisy(noise), *self._reference(reference))

    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        return gaussian_renyi_2_divergence(np.zeros(self.dim), self._noisy(noise), *self._reference(reference))

    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        from scipy.linalg import solve_triangular

        predicted = other @ np.linalg.solve(self.other, self.cross.T)
        given = self._given() + self._noise_variance(noise) * np.eye(self.dim)
        logs = []
        for covariance, centred in ((given, noisy - predicted), (self._noisy(noise), noisy)):
            factor = np.linalg.cholesky(covariance)
            scaled = solve_triangular(factor, centred.T, lower=True)
            logs.append(-(scaled * scaled).sum(0) / 2 - np.log(np.diag(factor)).sum())
        return logs[0] - logs[1]

    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        factor = np.linalg.cholesky(self.other)
        other = generator.standard_normal((n, self.dim)) @ factor.T
        if self.same:
            return other, other.copy()
        values, vectors = np.linalg.eigh(self._given())
        spread = vectors * np.sqrt(np.clip(values, 0, None))
        predicted = other @ np.linalg.solve(self.other, self.cross.T)
        return predicted + generator.standard_normal((n, self.dim)) @ spread.T, other
