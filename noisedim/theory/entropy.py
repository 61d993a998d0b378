"""Entropies, divergences and informations of the laws that we can integrate, in nats.

One-dimensional laws go by quadrature whose error estimate is within ``tolerance``; Gaussian vectors with full covariance
by log-determinants. Products over independent coordinates add.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from noisedim.errors import InvalidInputError
from noisedim.theory.laws import Law, Normal
from noisedim.theory.quadrature import QuadratureError, integrate
from noisedim.theory.sums import add

__all__ = [
    "channel_information",
    "differential_entropy",
    "gaussian_entropy",
    "gaussian_information",
    "gaussian_kl_divergence",
    "gaussian_renyi_2_divergence",
    "kl_divergence",
    "noise_information",
    "renyi_2_divergence",
]

_TOLERANCE = 1e-11


def differential_entropy(law: Law, *, tolerance: float = _TOLERANCE) -> float:
    r"""h(X) = −∫ p log p, in nats.

    Args:
        law: one-dimensional; with an atom the entropy is ``-inf``.
        tolerance: of the quadrature's error estimate, absolute.

    Raises: QuadratureError: if the tolerance is not reached.

    Source: Cover & Thomas, Elements of Information Theory, Section 8.1. Checked by tests/theory/test_entropy.py.

    >>> from noisedim.theory.laws import Laplace
    >>> abs(differential_entropy(Laplace(0, 1)) - (1 + math.log(2))) < 1e-11
    True
    """
    if law.atoms:
        return -math.inf

    def integrand(x: np.ndarray) -> np.ndarray:
        density = law.density(x)
        positive = density > 0
        return np.where(positive, -density * np.log(np.where(positive, density, 1.0)), 0.0)

    return integrate(integrand, law.breakpoints, tolerance=tolerance).value


def _together(law: Law, reference: Law) -> np.ndarray:
    points = np.concatenate([law.breakpoints, reference.breakpoints])
    low, high = law.breakpoints.min(), law.breakpoints.max()
    return points[(points >= low) & (points <= high)]


def _log_density(reference: Law) -> Callable[[np.ndarray], np.ndarray]:
    if isinstance(reference, Normal):
        # The logarithm of a normal density stays finite where the density itself underflows.
        constant = -math.log(reference.deviation * math.sqrt(2 * math.pi))
        return lambda x: constant - ((x - reference.center) / reference.deviation) ** 2 / 2

    def log_density(x: np.ndarray) -> np.ndarray:
        density = reference.density(x)
        with np.errstate(divide="ignore"):
            return np.log(density)

    return log_density


def kl_divergence(law: Law, reference: Law, *, tolerance: float = _TOLERANCE) -> float:
    r"""KL(P ‖ Q) = ∫ p log(p/q), in nats.

    Args:
        law: P, one-dimensional.
        reference: Q, one-dimensional.
        tolerance: of the quadrature's error estimate, absolute.

    Returns: nats; ``inf`` if P has an atom or mass where Q has none.

    Raises: InvalidInputError: if ``reference`` has atoms. QuadratureError: if the tolerance is not reached.

    Source: Cover & Thomas, Section 8.5. Checked by tests/theory/test_entropy.py.

    >>> from noisedim.theory.laws import Normal
    >>> abs(kl_divergence(Normal(1, 1), Normal(0, 1)) - 0.5) < 1e-11
    True
    """
    if reference.atoms:
        raise InvalidInputError(f"the reference must have a density; {reference!r} has atoms")
    if law.atoms:
        return math.inf
    log_reference = _log_density(reference)
    outside = False

    def integrand(x: np.ndarray) -> np.ndarray:
        nonlocal outside
        density, log_p, log_q, is_outside = _logs(law, log_reference, x)
        outside = outside or is_outside
        return density * (log_p - log_q)

    value = integrate(integrand, _together(law, reference), tolerance=tolerance).value
    return math.inf if outside else value


def _logs(
    law: Law, log_reference: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """p, log p and log q where p counts and q is positive, 0 elsewhere; and whether p has mass where q has none."""
    density, log_q = law.density(x), log_reference(x)
    # Below 1e-290 a product underflows and weighs nothing.
    positive = density > 1e-290
    missing = positive & ~np.isfinite(log_q)
    usable = positive & ~missing
    logs = np.log(np.where(usable, density, 1.0)), np.where(usable, log_q, 0.0)
    return np.where(usable, density, 0.0), *logs, bool((density[missing] > 1e-15).any())


def renyi_2_divergence(law: Law, reference: Law, *, tolerance: float = _TOLERANCE) -> float:
    r"""D₂(P ‖ Q) = log ∫ p²/q, in nats: the Rényi divergence of order 2, at least the Kullback–Leibler divergence.

    Args: as :func:`kl_divergence`.

    Returns: nats; ``inf`` if P has an atom or mass where Q has none.

    Raises:
        InvalidInputError: if ``reference`` has atoms.
        QuadratureError: if p²/q has not died out where P's mass ends (the integral is then infinite or out of reach).

    Source: van Erven & Harremoës (2014), eq. (9). Checked by tests/theory/test_entropy.py.

    >>> from noisedim.theory.laws import Normal
    >>> abs(renyi_2_divergence(Normal(1, 1), Normal(0, 1)) - 1) < 1e-11
    True
    """
    if reference.atoms:
        raise InvalidInputError(f"the reference must have a density; {reference!r} has atoms")
    if law.atoms:
        return math.inf
    log_reference = _log_density(reference)
    outside = False

    def integrand(x: np.ndarray) -> np.ndarray:
        nonlocal outside
        density, log_p, log_q, is_outside = _logs(law, log_reference, x)
        outside = outside or is_outside
        exponent = np.where(density > 0, 2 * log_p - log_q, -np.inf)
        return np.exp(np.minimum(exponent, 690.0))

    points = _together(law, reference)
    ends = np.array([points.min(), points.max()])
    # A law that stops (uniform) stops inside its ends; one that runs on must have become negligible there.
    if law.density(ends).max() < 1e-9 and (integrand(ends) * np.abs(ends)).max() > tolerance:
        raise QuadratureError(
            f"p²/q does not die out within the reach of {law!r}: its integral is infinite or too wide"
        )
    value = integrate(integrand, points, tolerance=tolerance).value
    return math.inf if outside else math.log(value)


def channel_information(law: Law, noise: Law, *, tolerance: float = _TOLERANCE) -> float:
    r"""I(X; X+Z) = h(X+Z) − h(Z), in nats, for independent X ~ ``law`` and Z ~ ``noise``.

    >>> from noisedim.theory.laws import Normal
    >>> abs(channel_information(Normal(0, 1), Normal(0, 1)) - math.log(2) / 2) < 1e-11
    True
    """
    return differential_entropy(add(law, noise), tolerance=tolerance) - differential_entropy(noise, tolerance=tolerance)


def noise_information(law: Law, noise: Law, *, tolerance: float = _TOLERANCE) -> float:
    r"""I(Z; X+Z) = h(X+Z) − h(X), in nats; ``inf`` if the law of X has an atom.

    >>> from noisedim.theory.laws import Normal
    >>> abs(noise_information(Normal(0, 1), Normal(0, 1)) - math.log(2) / 2) < 1e-11
    True
    """
    return differential_entropy(add(law, noise), tolerance=tolerance) - differential_entropy(law, tolerance=tolerance)


# ---------------------------------------------------------------- Gaussian vectors


def _covariance(name: str, covariance: Any) -> np.ndarray:
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise InvalidInputError(f"{name} must be a finite square matrix; got shape {matrix.shape}")
    if np.abs(matrix - matrix.T).max(initial=0) > 1e-12 * np.abs(matrix).max(initial=0):
        raise InvalidInputError(f"{name} must be symmetric")
    return matrix


def _log_determinant(name: str, matrix: np.ndarray) -> float:
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        smallest = np.linalg.eigvalsh(matrix).min()
        raise InvalidInputError(f"{name} must be positive definite; its least eigenvalue is {smallest:.3g}") from None
    return 2 * float(np.log(np.diag(factor)).sum())


def _between(mean: Any, first: np.ndarray, reference_mean: Any, second: np.ndarray) -> np.ndarray:
    """The difference of means of two normal laws, whose shapes are checked."""
    apart = np.asarray(mean, dtype=np.float64) - np.asarray(reference_mean, dtype=np.float64)
    if first.shape != second.shape or apart.shape != (len(first),) or not np.isfinite(apart).all():
        raise InvalidInputError(
            f"expected finite means of shape (d,) and covariances of shape (d, d); got {np.shape(mean)}, {first.shape}, "
            f"{np.shape(reference_mean)} and {second.shape}"
        )
    return apart


def gaussian_entropy(covariance: Any) -> float:
    r"""h(N(m, Σ)) = ½ log det(2πeΣ), in nats.

    Args:
        covariance: Σ, (d, d), positive definite.

    Raises: InvalidInputError: if Σ is not symmetric positive definite.

    Source: Cover & Thomas, Theorem 8.4.1; arXiv 2410.06993, Theorem 2.1. Checked by theory_checks/test_theorem_2_1.py.

    >>> round(gaussian_entropy([[1.0]]), 6)
    1.418939
    """
    matrix = _covariance("covariance", covariance)
    return (len(matrix) * math.log(2 * math.pi * math.e) + _log_determinant("covariance", matrix)) / 2


def gaussian_kl_divergence(mean: Any, covariance: Any, reference_mean: Any, reference_covariance: Any) -> float:
    r"""KL(N(m, Σ) ‖ N(m₀, Σ₀)), in nats.

    .. math:: \tfrac12\bigl(\operatorname{tr}\Sigma_0^{-1}\Sigma - d - \log\det\Sigma_0^{-1}\Sigma
              + (m-m_0)^\top\Sigma_0^{-1}(m-m_0)\bigr)

    Raises: InvalidInputError: for shapes that do not match, or a covariance that is not symmetric positive definite.

    >>> gaussian_kl_divergence([1.0], [[1.0]], [0.0], [[1.0]])
    0.5
    """
    first, second = _covariance("covariance", covariance), _covariance("reference_covariance", reference_covariance)
    apart = _between(mean, first, reference_mean, second)
    logs = _log_determinant("covariance", first), _log_determinant("reference_covariance", second)
    factor = np.linalg.cholesky(second)
    relative = np.linalg.solve(factor, np.linalg.solve(factor, first).T)
    excess = np.linalg.eigvalsh((relative + relative.T) / 2) - 1
    apart = np.linalg.solve(factor, apart)
    # λ − 1 − log λ without cancellation near 1. Eigenvalues near 0 have no digits; the determinants do.
    near = bool((np.abs(excess) < 0.5).all())
    spread = (excess - np.log1p(excess)).sum() if near else excess.sum() - (logs[0] - logs[1])
    return float(spread + apart @ apart) / 2


def gaussian_renyi_2_divergence(mean: Any, covariance: Any, reference_mean: Any, reference_covariance: Any) -> float:
    r"""D₂(N(m, Σ) ‖ N(m₀, Σ₀)), in nats; ``inf`` unless 2Σ₀ − Σ is positive definite.

    .. math:: (m-m_0)^\top A^{-1}(m-m_0) - \tfrac12\log\frac{\det A\,\det\Sigma}{(\det\Sigma_0)^2},
              \qquad A = 2\Sigma_0 - \Sigma

    Source: Gil, Alajaji & Linder (2013), Table 2. Checked by tests/theory/test_entropy.py.

    >>> gaussian_renyi_2_divergence([1.0], [[1.0]], [0.0], [[1.0]])
    1.0
    """
    first, second = _covariance("covariance", covariance), _covariance("reference_covariance", reference_covariance)
    apart = _between(mean, first, reference_mean, second)
    logs = _log_determinant("covariance", first), _log_determinant("reference_covariance", second)
    blend = 2 * second - first
    if np.linalg.eigvalsh(blend).min() <= 0:
        return math.inf
    quadratic = float(apart @ np.linalg.solve(blend, apart))
    return quadratic - (_log_determinant("blend", blend) + logs[0] - 2 * logs[1]) / 2


def gaussian_information(covariance: Any, first: int) -> float:
    r"""I(A; B), in nats, for jointly Gaussian (A, B): ½ log det Σ_A det Σ_B / det Σ.

    Args:
        covariance: of the stacked vector (A, B), (a+b, a+b), positive definite.
        first: a, the number of coordinates of A.

    Raises: InvalidInputError: if the covariance is not symmetric positive definite or ``first`` does not split it.

    Source: Cover & Thomas, Section 8.5. Checked by tests/theory/test_entropy.py.

    >>> round(gaussian_information([[1.0, 0.8], [0.8, 1.0]], 1), 6)
    0.510826
    """
    matrix = _covariance("covariance", covariance)
    if not 0 < first < len(matrix):
        raise InvalidInputError(f"first must lie between 1 and {len(matrix) - 1}; got {first!r}")
    a, b = matrix[:first, :first], matrix[first:, first:]
    return (_log_determinant("A", a) + _log_determinant("B", b) - _log_determinant("covariance", matrix)) / 2
