"""The jointly Gaussian source, with any covariances."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory.entropy import (
    gaussian_entropy,
    gaussian_information,
    gaussian_kl_divergence,
    gaussian_renyi_2_divergence,
)
from noisedim.theory.laws import Law, Normal
from noisedim.theory.sources.base import Source

__all__ = ["GaussianSource"]


def _check_positive_definite(name: str, matrix: np.ndarray) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise InvalidInputError(f"{name} must be a finite square matrix; got shape {matrix.shape}")
    if np.abs(matrix - matrix.T).max(initial=0) > 1e-12 * np.abs(matrix).max(initial=0):
        raise InvalidInputError(f"{name} must be symmetric")
    least = np.linalg.eigvalsh(matrix).min()
    if least <= 0:
        raise InvalidInputError(f"{name} must be positive definite; its least eigenvalue is {least:.3g}")


@dataclass(frozen=True, eq=False)
class GaussianSource(Source):
    """Jointly Gaussian, centred f(X) and f(X′) with any covariances.

    Args:
        covariance: of f(X), (d, d), positive definite.
        cross: Cov(f(X), f(X′)), (d, d).
        other: covariance of f(X′), (d, d); that of f(X) unless given.
        name: for reports.

    >>> from noisedim.theory.laws import Normal
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
        second = first if other is None else np.asarray(other, dtype=np.float64)
        between = first if cross is None else np.asarray(cross, dtype=np.float64)
        for words, matrix in (("covariance", first), ("other", second)):
            _check_positive_definite(words, matrix)
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
        """Dimension of f(X)."""
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
        # E over f(X), given f(X′), of KL(N(f(X), σ²I) ‖ N(E f(X), S)), S = Cov(f(X) | f(X′)) + σ²I.
        return self._mean_divergence(self._noise_variance(noise) * np.eye(self.dim), self._given())

    def _mean_divergence(self, kept: np.ndarray, moving: np.ndarray) -> float:
        """E_m KL(N(m, kept) ‖ N(0, kept + moving)) over m ~ N(0, moving): a divergence, and the mean of a square."""
        whole, zero = kept + moving, np.zeros(self.dim)
        whole = (whole + whole.T) / 2
        return gaussian_kl_divergence(zero, kept, zero, whole) + float(np.trace(np.linalg.solve(whole, moving))) / 2

    def entropy(self) -> float:
        return gaussian_entropy(self.covariance)

    def noisy_entropy(self, noise: Law) -> float:
        return gaussian_entropy(self._noisy(noise))

    def noise_information(self, noise: Law) -> float:
        return self._mean_divergence(self.covariance, self._noise_variance(noise) * np.eye(self.dim))

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
