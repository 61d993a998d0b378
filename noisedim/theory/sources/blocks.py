"""Sources in the unit square whose coordinates depend on each other: densities that are constant on blocks.

Copulas on a checkerboard and rings of blocks are of this kind. A block has independent coordinates, so densities with noise
are sums of products; divergences are integrals over the plane.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import kl_divergence
from noisedim.theory.laws import Law, Uniform, expectation
from noisedim.theory.quadrature import integrate_plane
from noisedim.theory.sources.base import Source
from noisedim.theory.sums import add

__all__ = ["BlockSource"]

_VIEWS = ("same", "label")
_TOLERANCE = 1e-9
# Nodes of the double integrals over a block and the noise, on each panel between kinks.
_NODES = 10


def _stretched(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map of [0, 1] onto itself and its slope, which vanishes at both ends: x log x becomes smooth there."""
    return t**3 * (10 - 15 * t + 6 * t * t), 30 * (t * (1 - t)) ** 2


def _rule(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights over panels between neighbouring edges."""
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    inner, slope = _stretched((places + 1) / 2)
    width = np.diff(edges)[:, None]
    return (edges[:-1, None] + width * inner).ravel(), (width * slope * weights / 2).ravel()


def _integral_between(
    function: Callable[[np.ndarray], np.ndarray], axes: list[np.ndarray], tolerance: float = _TOLERANCE
) -> float:
    """An integral over the plane of a function with kinks, and zeros, along lines through the breakpoints."""

    def stretched(points: np.ndarray) -> np.ndarray:
        moved, slopes = np.empty_like(points), np.ones(len(points))
        for axis, edges in enumerate(axes):
            panel = np.minimum(np.floor(points[:, axis]).astype(int), len(edges) - 2)
            inner, slope = _stretched(points[:, axis] - panel)
            width = np.diff(edges)[panel]
            moved[:, axis] = edges[panel] + width * inner
            slopes *= width * slope
        return slopes * function(moved)

    first, second = (range(len(edges)) for edges in axes)
    return integrate_plane(stretched, first, second, tolerance=tolerance).value


def _between(points: np.ndarray, low: float, high: float) -> np.ndarray:
    inside = points[(points > low + 1e-12) & (points < high - 1e-12)]
    return np.unique(np.concatenate([[low], inside.round(14), [high]]))


def _sums(law: Uniform, noise: Uniform, kinks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of x+z and their weights, which add up to 1, for x ~ ``law`` and z ~ ``noise`` one after the other."""
    places, masses = _rule(_between(np.concatenate([kinks - noise.low, kinks - noise.high]), law.low, law.high))
    values, weights = [], []
    for x, mass in zip(places, masses, strict=True):
        z, own = _rule(_between(kinks - x, noise.low, noise.high))
        values.append(x + z)
        weights.append(mass * own / (law.width * noise.width))
    return np.concatenate(values), np.concatenate(weights)


@dataclass(frozen=True, eq=False)
class BlockSource(Source):
    """f(X) uniform within a block of the unit square, the block drawn from a table; f(X′) is f(X), or tells the block.

    Args:
        table: (m, n) probabilities of the blocks; zeros are holes.
        edges: ends of the blocks along each coordinate, (m+1,) and (n+1,), within [0, 1].
        views: ``same`` (f(X′) = f(X)) or ``label`` (f(X′) is the block's number).
        name: for reports.

    >>> diagonal = BlockSource.of([[0.5, 0.0], [0.0, 0.5]])
    >>> round(diagonal.entropy(), 6), diagonal.weakly_invariant
    (-0.693147, True)
    """

    table: np.ndarray
    edges: tuple[np.ndarray, np.ndarray]
    views: str
    name: str

    @classmethod
    def of(cls, table: Any, edges: Any = None, *, views: str = "same", name: str = "") -> "BlockSource":
        """Build a source; blocks of equal size unless ``edges`` are given.

        Raises: InvalidInputError: for masses that are no probabilities, edges out of order, or unknown views.
        """
        mass = np.asarray(table, dtype=np.float64)
        if mass.ndim != 2 or not (mass >= 0).all() or abs(mass.sum() - 1) > 1e-12:
            raise InvalidInputError(f"table must hold probabilities, (m, n), that add up to 1; got shape {mass.shape}")
        given = [np.linspace(0, 1, count + 1) for count in mass.shape] if edges is None else edges
        first, second = (np.asarray(axis, dtype=np.float64) for axis in given)
        for axis, count in zip((first, second), mass.shape, strict=True):
            if axis.shape != (count + 1,) or not (np.diff(axis) > 0).all() or axis[0] < 0 or axis[-1] > 1:
                raise InvalidInputError(f"edges must be {count + 1} growing numbers in [0, 1]; got {axis.tolist()}")
        one_of("views", views, _VIEWS)
        return cls(mass, (first, second), views, name or f"{mass.shape[0]} by {mass.shape[1]} blocks")

    @property
    def dim(self) -> int:  # type: ignore[override]
        """Of all blocks together."""
        return 2

    @property
    def weakly_invariant(self) -> bool:
        return self.views == "same"

    @property
    def keeps(self) -> float:
        return 1.0 if self.views == "same" else 0.0

    @property
    def _blocks(self) -> list[tuple[float, Uniform, Uniform]]:
        """Probability and both coordinates' laws of each block that occurs."""
        found = []
        for i, j in itertools.product(*(range(count) for count in self.table.shape)):
            if self.table[i, j] > 0:
                first, second = self.edges
                found.append(
                    (float(self.table[i, j]), Uniform(first[i], first[i + 1]), Uniform(second[j], second[j + 1]))
                )
        return found

    @property
    def squared_distance(self) -> float:
        """Of f(X) from f(X′); for ``label``, from the block's middle in place of its number."""
        if self.views == "same":
            return 0.0
        return math.fsum(mass * (first.variance + second.variance) for mass, first, second in self._blocks)

    # ------------------------------------------------------------------ densities

    def _noise(self, noise: Law) -> Uniform:
        if not isinstance(noise, Uniform):
            raise InvalidInputError(f"a block source takes Uniform noise; got {noise!r}")
        return noise

    def _densities(self, points: np.ndarray, noise: Law | None) -> np.ndarray:
        """(m, k) density of each block, with noise if there is any, at (m, 2) points."""
        columns = []
        for _, *laws in self._blocks:
            parts = [law if noise is None else add(law, noise) for law in laws]
            columns.append(parts[0].density(points[:, 0]) * parts[1].density(points[:, 1]))
        return np.stack(columns, 1)

    @property
    def _masses(self) -> np.ndarray:
        return np.array([mass for mass, *_ in self._blocks])

    def _breakpoints(self, noise: Law | None) -> list[np.ndarray]:
        spread = [0.0] if noise is None else self._noise(noise).breakpoints
        return [np.unique(np.add.outer(edges, spread).round(14)) for edges in self.edges]

    def _integral(self, integrand: Callable[[np.ndarray, np.ndarray], np.ndarray], noise: Law | None) -> float:
        """∫ integrand(p, points), p the density; 0 where p is."""

        def value(points: np.ndarray) -> np.ndarray:
            p = self._densities(points, noise) @ self._masses
            return np.where(p > 0, integrand(np.where(p > 0, p, 1.0), points), 0.0)

        return _integral_between(value, self._breakpoints(noise))

    # ------------------------------------------------------------------ quantities

    def entropy(self) -> float:
        return self._integral(lambda p, points: -p * np.log(p), None)

    def noisy_entropy(self, noise: Law) -> float:
        return self._integral(lambda p, points: -p * np.log(p), noise)

    def divergence(self, reference: Law) -> float:
        return self._integral(lambda p, points: p * (np.log(p) - _log_box(reference, points)), None)

    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        return self._integral(lambda p, points: p * (np.log(p) - _log_box(reference, points)), noise)

    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        return math.log(self._integral(lambda p, points: p * p / np.exp(_log_box(reference, points)), noise))

    def information(self, noise: Law) -> float:
        if self.views == "same":
            return self._mean_over_noise(noise, own_block=False)

        # f(X′) tells the block: the mean divergence of a block with noise from the whole.
        def value(points: np.ndarray) -> np.ndarray:
            parts = self._densities(points, noise)
            whole = parts @ self._masses
            ratio = np.where(parts > 0, parts / np.where(whole > 0, whole, 1.0)[:, None], 1.0)
            return (parts * np.log(ratio)) @ self._masses

        return _integral_between(value, self._breakpoints(noise))

    def residual_information(self, noise: Law) -> float:
        """Within a block the coordinates are independent: E_x KL(Z+x ‖ block+Z) along each."""
        if self.views == "same":
            return 0.0
        lengths: dict[float, float] = {}
        for mass, *laws in self._blocks:
            for law in laws:
                lengths[round(law.width, 14)] = lengths.get(round(law.width, 14), 0.0) + mass
        return math.fsum(mass * self._along(Uniform(0, width), noise) for width, mass in lengths.items())

    def _along(self, law: Uniform, noise: Law) -> float:
        marginal = add(law, self._noise(noise))
        return expectation(lambda x: kl_divergence(noise.shifted(x), marginal), law, tolerance=1e-10)

    def noise_information(self, noise: Law) -> float:
        return self._mean_over_noise(noise, own_block=True)

    def _mean_over_noise(self, noise: Law, *, own_block: bool) -> float:
        """E_{x, z} log(own/p_Y(x+z)), own the density of f(X) at x, or that of the noise; to about 1e-6.

        Both coordinates of (x, z) by a product rule: p_Y(x+z) is a sum over blocks of products over coordinates.
        """
        box = self._noise(noise)
        sides = [[add(law, noise) for law in laws] for _, *laws in self._blocks]
        kinks = self._breakpoints(noise)
        height = -2 * math.log(box.width)
        total = 0.0
        for mass, *laws in self._blocks:
            factors, weights = [], []
            for axis, law in enumerate(laws):
                values, own_weights = _sums(law, box, kinks[axis])
                factors.append(np.stack([side[axis].density(values) for side in sides], 1))
                weights.append(own_weights)
            density = (factors[0] * self._masses) @ factors[1].T
            own = math.log(mass / (laws[0].width * laws[1].width)) if own_block else height
            total += mass * (own - float(weights[0] @ np.log(density) @ weights[1]))
        return total

    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        parts = self._densities(noisy, noise)
        marginal = parts @ self._masses
        if self.views == "same":
            given = self._noise(noise).density(noisy - other).prod(1)
        else:
            given = parts[np.arange(len(noisy)), other[:, 0].astype(int)]
        with np.errstate(divide="ignore"):
            return np.log(given) - np.log(marginal)

    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n pairs; for ``label`` the second array holds the block's number, twice."""
        label = generator.choice(len(self._masses), size=n, p=self._masses)
        low = np.array([[first.low, second.low] for _, first, second in self._blocks])
        width = np.array([[first.width, second.width] for _, first, second in self._blocks])
        first = low[label] + width[label] * generator.random((n, 2))
        return first, first.copy() if self.views == "same" else np.repeat(label[:, None].astype(float), 2, 1)


def _log_box(reference: Law, points: np.ndarray) -> np.ndarray:
    """log-density of independent coordinates; −inf outside."""
    with np.errstate(divide="ignore"):
        return np.log(reference.density(points)).sum(1)
