"""Sources in the plane whose coordinates depend on each other: normal mixtures with any covariances.

Copulas with normal marginals, mixtures of rotated components and rings are all of this kind. Every quantity is an integral
over the plane; the information about and through the noise are double ones.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import gaussian_kl_divergence
from noisedim.theory.laws import REACH, Law, Normal
from noisedim.theory.quadrature import integrate_plane
from noisedim.theory.sources.base import Source

__all__ = ["PlanarMixture"]

_VIEWS = ("same", "label")
# Nodes of the outer rule over the noise, in each direction, and steps of the inner one in a component's least deviation.
_NOISE_NODES = 20
_STEPS = 5.0
_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class PlanarMixture(Source):
    """f(X) from one of several normal laws in the plane; f(X′) is f(X) itself, or tells the component only.

    Args:
        weights: (k,) probabilities.
        means: (k, 2).
        covariances: (k, 2, 2), positive definite.
        views: ``same`` (f(X′) = f(X)) or ``label`` (f(X′) is the component's number).
        name: for reports.

    >>> one = PlanarMixture.of([1.0], [[0.0, 0.0]], [[[1.0, 0.6], [0.6, 1.0]]])
    >>> round(one.noisy_entropy(Normal(0, 1)), 6)  # log 2πe + ½ log det(Σ + I)
    3.483869
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    views: str
    name: str

    @classmethod
    def of(cls, weights: Any, means: Any, covariances: Any, *, views: str = "same", name: str = "") -> "PlanarMixture":
        """Build a source.

        Raises: InvalidInputError: for shapes that do not match, weights that are no probabilities, or unknown views.
        """
        mass, centres, spreads = (np.asarray(part, dtype=np.float64) for part in (weights, means, covariances))
        count = len(mass) if mass.ndim else 0
        if mass.ndim != 1 or centres.shape != (count, 2) or spreads.shape != (count, 2, 2):
            raise InvalidInputError(
                f"expected (k,) weights, (k, 2) means and (k, 2, 2) covariances; got {mass.shape}, {centres.shape} and "
                f"{spreads.shape}"
            )
        if not (mass > 0).all() or abs(math.fsum(mass) - 1) > 1e-12:
            raise InvalidInputError(f"weights must be > 0 and add up to 1; got {mass.tolist()}")
        if not np.allclose(spreads, np.swapaxes(spreads, 1, 2)) or not (np.linalg.eigvalsh(spreads) > 0).all():
            raise InvalidInputError("covariances must be symmetric and positive definite")
        one_of("views", views, _VIEWS)
        return cls(mass, centres, spreads, views, name or f"mixture of {count} in the plane")

    def standardised(self) -> "PlanarMixture":
        """The same law moved and scaled, coordinate by coordinate, to mean 0 and variance 1."""
        mean, covariance = self.moments
        scale = np.sqrt(np.diag(covariance))
        spreads = self.covariances / np.outer(scale, scale)
        return PlanarMixture.of(self.weights, (self.means - mean) / scale, spreads, views=self.views, name=self.name)

    @property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of f(X)."""
        mean = self.weights @ self.means
        apart = self.means - mean
        return mean, np.einsum("k,kij->ij", self.weights, self.covariances + apart[:, :, None] * apart[:, None, :])

    @property
    def dim(self) -> int:  # type: ignore[override]
        """Two."""
        return 2

    @property
    def weakly_invariant(self) -> bool:
        return self.views == "same"

    @property
    def keeps(self) -> float:
        return 1.0 if self.views == "same" else 0.0

    @property
    def squared_distance(self) -> float:
        """Of f(X) from f(X′); for ``label``, from the component's mean in place of its number."""
        if self.views == "same":
            return 0.0
        return float(self.weights @ np.trace(self.covariances, axis1=1, axis2=2))

    # ------------------------------------------------------------------ densities

    def _variance(self, noise: Law) -> float:
        if not isinstance(noise, Normal) or noise.center != 0:
            raise InvalidInputError(f"a normal mixture takes centred Normal noise; got {noise!r}")
        return noise.variance

    def _log_parts(self, points: np.ndarray, extra: float) -> np.ndarray:
        """(k, m) log-density of each component with ``extra`` variance added, at (m, 2) points."""
        found = np.empty((len(self.weights), len(points)))
        first, second = np.ascontiguousarray(points.T)
        for k, (mean, spread) in enumerate(zip(self.means, self.covariances, strict=True)):
            a, b, c = spread[0, 0] + extra, spread[0, 1], spread[1, 1] + extra
            determinant = a * c - b * b
            x, y = first - mean[0], second - mean[1]
            square = (c * x - 2 * b * y) * x + a * y * y
            found[k] = -math.log(2 * math.pi) - math.log(determinant) / 2 - square / (2 * determinant)
        return found

    def log_density(self, points: np.ndarray, extra: float = 0.0) -> np.ndarray:
        """log-density of f(X) plus independent normal noise of variance ``extra``, at (m, 2) points."""
        parts = self._log_parts(points, extra) + np.log(self.weights)[:, None]
        top = parts.max(0)
        return top + np.log(np.exp(parts - top).sum(0))

    def _breakpoints(self, extra: float, reaches: float = 1.0) -> list[np.ndarray]:
        found = []
        for axis in range(2):
            reach = reaches * REACH * np.sqrt(self.covariances[:, axis, axis] + extra)
            low, high = (self.means[:, axis] - reach).min(), (self.means[:, axis] + reach).max()
            found.append(np.linspace(low, high, round(12 * reaches) + 1))
        return found

    def _integral(
        self, integrand: Callable[[np.ndarray, np.ndarray], np.ndarray], extra: float, *, reaches: float = 1.0
    ) -> float:
        """∫ p·integrand(points, log p), p the density with ``extra`` variance."""

        def weighted(points: np.ndarray) -> np.ndarray:
            log_p = self.log_density(points, extra)
            return np.exp(log_p) * integrand(points, log_p)

        return integrate_plane(weighted, *self._breakpoints(extra, reaches), tolerance=_TOLERANCE).value

    # ------------------------------------------------------------------ quantities

    def entropy(self) -> float:
        return self._integral(lambda points, log_p: -log_p, 0.0)

    def noisy_entropy(self, noise: Law) -> float:
        return self._integral(lambda points, log_p: -log_p, self._variance(noise))

    def divergence(self, reference: Law) -> float:
        return self._integral(lambda points, log_p: log_p - _log_product(reference, points), 0.0)

    def noisy_divergence(self, noise: Law, reference: Law) -> float:
        return self._integral(lambda points, log_p: log_p - _log_product(reference, points), self._variance(noise))

    def noisy_renyi_2(self, noise: Law, reference: Law) -> float:
        def ratio(points: np.ndarray, log_p: np.ndarray) -> np.ndarray:
            return np.exp(np.minimum(log_p - _log_product(reference, points), 690.0))

        # p²/q dies out far more slowly than p.
        return math.log(self._integral(ratio, self._variance(noise), reaches=3.0))

    def information(self, noise: Law) -> float:
        extra = self._variance(noise)
        if self.views == "same":
            height = -math.log(2 * math.pi * extra)
            return self._mean_over_noise(noise, lambda log_f, z: height - float(z @ z) / (2 * extra) + 0 * log_f)

        # f(X′) tells the component: Σ w_k KL(N(m_k, S_k + σ²I) ‖ P_Y).
        def integrand(points: np.ndarray) -> np.ndarray:
            parts = self._log_parts(points, extra)
            return self.weights @ (np.exp(parts) * (parts - self.log_density(points, extra)))

        return integrate_plane(integrand, *self._breakpoints(extra), tolerance=_TOLERANCE).value

    def residual_information(self, noise: Law) -> float:
        if self.views == "same":
            return 0.0
        kept, zero, total = self._variance(noise) * np.eye(2), np.zeros(2), 0.0
        for weight, spread in zip(self.weights, self.covariances, strict=True):
            whole = spread + kept
            square = float(np.trace(np.linalg.solve(whole, spread)))
            total += weight * (gaussian_kl_divergence(zero, kept, zero, whole) + square / 2)
        return total

    def noise_information(self, noise: Law) -> float:
        return self._mean_over_noise(noise, lambda log_f, z: log_f)

    def _mean_over_noise(self, noise: Law, own: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
        """E_z ∫ p_f(x) (own − log p_Y(x+z)) dx: over z by Gauss–Hermite, over x by the trapezoidal rule."""
        extra = self._variance(noise)
        step = math.sqrt(float(np.linalg.eigvalsh(self.covariances).min())) / _STEPS
        axes = [np.arange(edges[0], edges[-1] + step, step) for edges in self._breakpoints(0.0)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
        log_f = self.log_density(points)
        points, log_f = points[log_f > -36], log_f[log_f > -36]
        mass = np.exp(log_f) * step * step
        places, weights = np.polynomial.hermite_e.hermegauss(_NOISE_NODES)
        weights = weights / weights.sum()
        total = 0.0
        for i, j in itertools.product(range(_NOISE_NODES), repeat=2):
            if weights[i] * weights[j] > 1e-15:
                z = math.sqrt(extra) * np.array([places[i], places[j]])
                inner = mass @ (own(log_f, z) - self.log_density(points + z, extra))
                total += weights[i] * weights[j] * float(inner)
        return total

    def pointwise_information(self, other: np.ndarray, noisy: np.ndarray, noise: Law) -> np.ndarray:
        extra = self._variance(noise)
        marginal = self.log_density(noisy, extra)
        if self.views == "same":
            return -((noisy - other) ** 2).sum(1) / (2 * extra) - math.log(2 * math.pi * extra) - marginal
        parts = self._log_parts(noisy, extra)
        return parts[other[:, 0].astype(int), np.arange(len(noisy))] - marginal

    def sample(self, n: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """n pairs; for ``label`` the second array holds the component's number, twice."""
        label = generator.choice(len(self.weights), size=n, p=self.weights)
        factors = np.linalg.cholesky(self.covariances)
        first = self.means[label] + np.einsum("nij,nj->ni", factors[label], generator.standard_normal((n, 2)))
        return first, first.copy() if self.views == "same" else np.repeat(label[:, None].astype(float), 2, 1)


def _log_product(reference: Law, points: np.ndarray) -> np.ndarray:
    if not isinstance(reference, Normal):
        raise InvalidInputError(f"a normal mixture is compared with a Normal reference; got {reference!r}")
    u = (points - reference.center) / reference.deviation
    return -(u * u).sum(1) / 2 - 2 * math.log(reference.deviation * math.sqrt(2 * math.pi))
