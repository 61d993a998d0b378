r"""The dual on spheres with a critic of its own concentration, for views that are not equal, and how many rows it takes.

The critic of :mod:`~noisedim.theory.spheres.dual_spheres` is the channel's own density, best for f(X′) = f(X). Views that
agree only so far ask for a flatter one, of von Mises and Fisher's form about f(X′) with a concentration k′ ≤ k:

    T(x, y) = k′⟨x, y⟩ − log M(k′),    E_Z T = k′·A(k)·⟨f, f′⟩ − log M(k′),    E_Z e^T = M(‖k f + k′ f′‖)/(M(k)·M(k′)).

With any k′ that is not chosen on the rows themselves it is a bound on information, as every Donsker–Varadhan critic gives;
k′ = k is the channel's own. E T is largest where A(k′) = A(k)·E⟨f, f′⟩, and is C(k′) there: for uniform f(X) that is the
bound itself, as log E e^T vanishes.
"""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import pairwise
from noisedim.theory.spheres.dual_spheres import sphere_kernel
from noisedim.theory.spheres.sphere_means import log_mean, mean_resultant, scaled_own

__all__ = ["concentration_for_resultant", "fitted_sphere_kernel", "fitted_sphere_positives", "sphere_least_batch"]

# Nodes of the quadrature over the angle, and how many widths of κ² beyond its peak it reaches.
_NODES = 400
_REACH = 10.0
_NEWTON_STEPS, _CLOSE = 40, 1e-10


def concentration_for_resultant(resultant: float, dim: int) -> float:
    """The concentration k at which von Mises and Fisher's law has this mean resultant: the inverse of A.

    Args:
        resultant: A(k) in (0, 1), far enough from 1 for k ≤ 1e12.
        dim: dimension d ≥ 1 of the sphere itself.

    Returns: k > 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: Newton's method with A′ = 1 − A² − d·A/k; Mardia & Jupp, Directional Statistics, Section 10.3. Checked by
        theory_checks/test_dual_spheres_fitted.py.

    >>> round(concentration_for_resultant(mean_resultant(5.0, 2), 2), 9)
    5.0
    """
    resultant, dim = positive("resultant", resultant), positive_integer("dim", dim)
    # 1 − A(k) is about d/(2k) for large k.
    if not 1 - resultant > dim / 2e12:
        raise InvalidInputError(f"resultant must be below 1, and in float64's reach; got {resultant!r}")
    k = resultant * (dim + 1 - resultant**2) / (1 - resultant**2)
    for _ in range(_NEWTON_STEPS):
        reached = float(mean_resultant(k, dim))
        slope = 1 - reached**2 - dim * reached / k
        # In log k, so that it stays positive; where A is 1 to rounding its slope is as well as lost, but known.
        slope = max(slope, (1 - reached) ** 2 / dim)
        step = (resultant - reached) / (slope * k)
        k *= math.exp(max(-1.0, min(1.0, step)))
        if abs(step) < _CLOSE:
            break
    return k


def fitted_sphere_kernel(a: Any, b: Any, concentration: float, critic: float) -> Any:
    r"""log E_Z e^T between f(X) = a_i and f(X′) = b_j on the sphere, nats, for a critic of its own concentration.

    .. math:: \log\kappa(a,b) = \log M(\|k a + k' b\|) - \log M(k) - \log M(k')

    Args:
        a: unit vectors f(X), shape (n, d+1).
        b: unit vectors f(X′), shape (m, d+1).
        concentration: k > 0 of the noise.
        critic: k′ > 0; k is :func:`~noisedim.theory.spheres.dual_spheres.sphere_kernel`.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or concentrations not finite and positive.

    Source: claim dual-spheres-fitted. Checked by theory_checks/test_dual_spheres_fitted.py.

    >>> fitted_sphere_kernel([[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], 2.0, 1.0).round(4)
    array([[ 0.4491, -0.5952]])
    """
    k, own = positive("concentration", concentration), positive("critic", critic)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        dim = a.shape[1] - 1
        apart = (2 - 2 * a @ b.T).clamp(0, 4)  # ‖a−b‖²
        # ‖ka + k′b‖² = (k+k′)² − kk′‖a−b‖²; its root has a finite gradient where it vanishes.
        norms = torch.sqrt(((k + own) ** 2 - k * own * apart).clamp(min=1e-24))
        lost = k * own * apart / (norms + k + own)  # k + k′ − ‖ka + k′b‖
        return log_mean(norms, dim, scaled=True) - scaled_own(k, dim) - scaled_own(own, dim) - lost

    return pairwise(formula, ("a", "b"), a, b)


def fitted_sphere_positives(z: Any, z_prime: Any, concentration: float, critic: float) -> Any:
    r"""E_Z T of each pair on the sphere, nats: k′·A(k)·⟨f, f′⟩ − log M(k′).

    Args:
        z: unit vectors f(X), shape (n, d+1).
        z_prime: unit vectors f(X′), shape (n, d+1), row i from the same image as row i of ``z``.
        concentration: k > 0 of the noise.
        critic: k′ > 0.

    Returns: (n,) nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: as :func:`fitted_sphere_kernel`.

    Source: claim dual-spheres-fitted. Checked by theory_checks/test_dual_spheres_fitted.py.

    >>> fitted_sphere_positives([[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], 10.0, 10.0).round(4)  # the capacity
    array([1.9957])
    """
    k, own = positive("concentration", concentration), positive("critic", critic)

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        if z.shape != z_prime.shape:
            raise InvalidInputError(
                f"z and z_prime must have one row per image each; got {tuple(z.shape)} and {tuple(z_prime.shape)}"
            )
        dim = z.shape[1] - 1
        resultant = mean_resultant(k, dim)
        lost = (z - z_prime).square().sum(1) / 2  # 1 − ⟨f, f′⟩
        return -own * (1 - resultant) - scaled_own(own, dim) - own * resultant * lost

    return pairwise(formula, ("z", "z_prime"), z, z_prime)


def sphere_least_batch(dim: int, concentration: float, *, spheres: int = 1) -> float:
    r"""The number of rows from which on a batch sees the dual of this noise on spheres: below it κ's mean is mostly its tail.

    .. math:: B = \sqrt{2\,(\mathbb E\kappa^2)^m}

    The rule of :func:`noisedim.theory.dual_batch.least_batch`, κ's second moment being that of two independent uniform points,
    on each of m spheres. For little noise it is about e^(C/2 + d/4)·2^((1−d)/2), the square root of what N(0, I) takes, whose
    tails are rare: a batch of B rows sees about 2·log B nats of a sphere.

    Args:
        dim: dimension d ≥ 1 of each sphere itself.
        concentration: k > 0.
        spheres: m ≥ 1; a torus is circles.

    Returns: rows, not rounded; inf where it overflows.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-spheres-fitted. Checked by theory_checks/test_dual_spheres_fitted.py.

    >>> round(sphere_least_batch(2, 10.0), 2), round(sphere_least_batch(2, 1e4), 1)
    (3.2, 100.0)
    """
    dim, k, spheres = (
        positive_integer("dim", dim),
        positive("concentration", concentration),
        positive_integer("spheres", spheres),
    )
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    # κ² is about exp(−kθ²/2), times sin^(d−1): its peak is at √((d−1)/k), and its width 1/√k.
    most = min(math.pi, (math.sqrt(dim - 1) + _REACH) / math.sqrt(k))
    theta = (places + 1) * (most / 2)
    logs = sphere_kernel([_at(0.0, dim)], np.array([_at(angle, dim) for angle in theta]), k)[0]
    # sin^(d−1)/B(d/2, ½)
    shape = (dim - 1) * np.log(np.sin(theta)) - math.lgamma(dim / 2) - math.lgamma(0.5) + math.lgamma((dim + 1) / 2)
    total = 2 * logs + shape + np.log(weights * most / 2)
    log_square = float(total.max() + math.log(np.exp(total - total.max()).sum()))
    log = (math.log(2) + spheres * log_square) / 2
    return math.exp(log) if log < 700 else math.inf


def _at(angle: float, dim: int) -> np.ndarray:
    """A point of the sphere at this angle from the pole."""
    point = np.zeros(dim + 1)
    point[0], point[1] = math.cos(angle), math.sin(angle)
    return point
