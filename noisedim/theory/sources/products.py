"""Sources of independent, equally distributed coordinates: any law that is kept or redrawn, any finite joint law."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from noisedim.checks import positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import differential_entropy, kl_divergence, renyi_2_divergence
from noisedim.theory.laws import Atoms, Law, Mixture, expectation
from noisedim.theory.sources.base import Source
from noisedim.theory.sums import add

__all__ = ["DiscreteSource", "LazySource"]


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

    def noise_information(self, noise: Law) -> float:
        if self.law.atoms:
            return math.inf
        noisy = add(self.law, noise)
        # What the noise adds changes fast where a narrow law of f(X) meets the edges of the noise.
        reach = float(np.ptp(self.law.breakpoints))
        kinks = np.add.outer(noise.breakpoints, (-reach, reach)).ravel() if reach * reach < noise.variance else ()
        return self.dim * expectation(
            lambda z: kl_divergence(self.law.shifted(z), noisy), noise, tolerance=1e-10, kinks=kinks
        )

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
        return self.dim * self._mean(lambda other: kl_divergence(self._given(other, noise), marginal), noise)

    def residual_information(self, noise: Law) -> float:
        """k·KL(N(x′) ‖ mix) + (1−k)·E_x KL(N(x) ‖ mix), averaged over x′, with mix = k·N(x′) + (1−k)·P_Y.

        E_x KL(N(x) ‖ mix) is KL(P_Y ‖ mix) + E_x KL(N(x) ‖ P_Y), whose last term does not depend on x′.
        """
        if self.keep == 1:
            return 0.0
        marginal = add(self.law, noise)

        def at(other: float) -> float:
            given = self._given(other, noise)
            own = kl_divergence(noise.shifted(other), given)
            return self.keep * own + (1 - self.keep) * kl_divergence(marginal, given)

        apart = self._mean(lambda x: kl_divergence(noise.shifted(x), marginal), noise)
        return self.dim * (self._mean(at, noise) + (1 - self.keep) * apart)

    def _mean(self, of_other: Callable[[float], float], noise: Law) -> float:
        """The mean over f(X′). What depends on Y given f(X′) bends where its noise meets an edge of the law's own."""
        reach = float(np.ptp(noise.breakpoints))
        narrow = reach * reach < self.law.variance  # wider noise bends over lengths that quadrature sees by itself
        kinks = np.add.outer(self.law.breakpoints, (-reach, reach)).ravel() if narrow else ()
        return expectation(of_other, self.law, tolerance=1e-10, kinks=kinks)

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

    >>> from noisedim.theory.laws import Normal
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
