r"""The dual on spheres and tori: any channel of an exponential family has one, von Mises and Fisher's in closed form.

For a channel with densities p(y | x), and m the law of Y at the prior, take the critic log p(y | x)/m(y). With
p_f = p(· | f(X)) the Donsker–Varadhan bound and the identity of compensation read

    J = E KL(p_f ‖ m) − E KL(p_f ‖ p_f′) − log E κ(f(X₁), f(X₂′)) ≤ I(f(X′); Y),    κ(a, b) = ∫ p(y|a) p(y|b)/m(y) dy,
    KL(P_Y ‖ m) = E KL(p_f ‖ m) − I(f(X); Y).

On the sphere S^d in R^(d+1) with noise of von Mises and Fisher, p(y | x) ∝ exp(k⟨x, y⟩), and the uniform law, m is
uniform, everything is a function of M(t) = E exp(t·u₁) for u uniform on the sphere, and no seam is needed: with A = M′/M,
KL(p_x ‖ m) = C = k·A(k) − log M(k) at every x, alignment is k·A(k)(1 − ⟨f, f′⟩) and κ(a, b) = M(k‖a+b‖)/M(k)². The
torus with von Mises' noise in each angle is d circles. Kernels ∫p(y|a)p(y|b) of exponential families are Jebara, Kondor &
Howard's (2004) probability product kernels.
"""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import elementwise, pairwise
from noisedim.theory.spheres.sphere_means import (
    log_mean,
    mean_and_resultant,
    mean_resultant,
    require_finite,
    scaled_own,
)

__all__ = [
    "concentration_for_sphere_capacity",
    "concentration_for_torus_capacity",
    "sphere_capacity",
    "sphere_kernel",
    "sphere_positives",
    "torus_capacity",
    "torus_kernel",
    "torus_positives",
]


def sphere_capacity(dim: int, concentration: Any) -> Any:
    r"""Largest information, nats, that a point of the sphere S^d sends through von Mises–Fisher noise.

    .. math:: C = k\,A(k) - \log M(k)

    KL(p_x ‖ uniform) is C at every x, so no law sends more, and the uniform law, whose output is uniform, sends C.

    Args:
        dim: dimension d ≥ 1 of the sphere itself.
        concentration: k > 0; more is less noise.

    Returns: nats, in the shape of ``concentration``.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-spheres. Checked by theory_checks/test_dual_spheres.py.

    >>> round(sphere_capacity(2, 10.0), 4)
    1.9957
    """
    dim = positive_integer("dim", dim)

    def formula(k: torch.Tensor) -> torch.Tensor:
        scaled, resultant = mean_and_resultant(require_finite("concentration", k, positive=True), dim, scaled=True)
        # k(1−A) = a₁ + a₂/k + …, from A's differential equation, where A is too close to 1 to be taken from it.
        first = dim / 2
        second = first * (1 - first) / 2
        series = first + second / k + second / k**2 + (3 * second + second**2) / (2 * k**3)
        return -torch.where(k > 1e3 * (1 + first**2), series, k * (1 - resultant)) - scaled

    return elementwise(formula, k=concentration)


def torus_capacity(dim: int, concentration: Any) -> Any:
    """Largest information, nats, that d angles send through von Mises noise in each: d times the circle's.

    Args:
        dim: number of angles d ≥ 1.
        concentration: k > 0.

    Returns: nats, in the shape of ``concentration``.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-spheres. Checked by theory_checks/test_dual_spheres.py.

    >>> round(torus_capacity(2, 10.0), 4)
    3.0861
    """
    return positive_integer("dim", dim) * sphere_capacity(1, concentration)


def concentration_for_sphere_capacity(dim: int, capacity: float) -> float:
    """The concentration k at which the sphere's capacity is ``capacity`` nats: the inverse of :func:`sphere_capacity`.

    Args:
        dim: dimension d ≥ 1 of the sphere itself.
        capacity: C > 0, nats, small enough for k ≤ 1e12.

    Returns: k > 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: bisection of an increasing function. Checked by tests/theory/test_dual_spheres.py.

    >>> round(concentration_for_sphere_capacity(2, sphere_capacity(2, 10.0)), 6)
    10.0
    """
    from scipy.optimize import brentq

    dim, capacity = positive_integer("dim", dim), positive("capacity", capacity)
    # For little noise C grows as (d/2)·log k, for much of it falls as k²/(2(d+1)).
    low, high = -10.0, math.log(1e12)
    if not sphere_capacity(dim, math.exp(low)) < capacity < sphere_capacity(dim, math.exp(high)):
        raise InvalidInputError(
            f"capacity is out of float64's reach on the sphere of dimension {dim}; got {capacity!r}"
        )
    root = brentq(lambda log: math.log(sphere_capacity(dim, math.exp(log)) / capacity), low, high, xtol=1e-14)
    return math.exp(root)


def concentration_for_torus_capacity(dim: int, capacity: float) -> float:
    """The concentration k at which the torus' capacity is ``capacity`` nats: the inverse of :func:`torus_capacity`.

    Args:
        dim: number of angles d ≥ 1.
        capacity: C > 0, nats.

    Returns: k > 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: :func:`concentration_for_sphere_capacity` of the circle. Checked by tests/theory/test_dual_spheres.py.

    >>> round(concentration_for_torus_capacity(2, torus_capacity(2, 10.0)), 6)
    10.0
    """
    return concentration_for_sphere_capacity(1, positive("capacity", capacity) / positive_integer("dim", dim))


def _examine_sphere(name: str, value: Any) -> None:
    """Points given as plain arrays are looked at; tensors, which training sends through here, are trusted."""
    if not isinstance(value, torch.Tensor):
        array = np.asarray(value)
        if array.dtype.kind in "fiu" and array.ndim == 2:
            norms = np.sqrt((np.asarray(array, dtype=np.float64) ** 2).sum(1))
            if array.shape[1] < 2 or not (np.abs(norms - 1) <= 1e-6).all():
                raise InvalidInputError(f"{name} must have rows of norm 1 in two or more dimensions; got {norms[:3]!r}")


def sphere_kernel(a: Any, b: Any, concentration: float) -> Any:
    r"""log κ(a_i, b_j) of the uniform law on the sphere with von Mises–Fisher noise, nats.

    .. math:: \kappa(a,b) = \int \frac{p(y|a)p(y|b)}{m(y)}\,dy = \frac{M(k\|a+b\|)}{M(k)^2}

    log E κ(f(X₁), f(X₂)) = D₂(P_Y ‖ uniform) for independent images.

    Args:
        a: unit vectors f(X), shape (n, d+1).
        b: unit vectors f(X′), shape (m, d+1).
        concentration: k > 0.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match, rows of another norm (of arrays; tensors are trusted) or
        ``concentration`` not finite and positive.

    Source: claim dual-spheres; Jebara, Kondor & Howard (2004). Checked by theory_checks/test_dual_spheres.py.

    >>> sphere_kernel([[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], 1.0).round(4)
    array([[ 0.2723, -0.3229]])
    """
    k = positive("concentration", concentration)
    _examine_sphere("a", a)
    _examine_sphere("b", b)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        dim = a.shape[1] - 1
        own = scaled_own(k, dim)
        squares = (2 + 2 * a @ b.T).clamp(min=0)
        # A norm whose gradient is finite for antipodes, where M's vanishes.
        norms = torch.sqrt(squares.clamp(min=1e-24))
        # ‖a+b‖ − 2 without cancellation for neighbours.
        return log_mean(k * norms, dim, scaled=True) - 2 * own + k * ((squares - 4) / (2 + norms))

    return pairwise(formula, ("a", "b"), a, b)


def sphere_positives(z: Any, z_prime: Any, concentration: float) -> Any:
    r"""E over the noise of log p(Y_i | f(X_i′))/m(Y_i) for each pair, nats: C − k·A(k)(1 − ⟨f, f′⟩).

    Args:
        z: unit vectors f(X), shape (n, d+1).
        z_prime: unit vectors f(X′), shape (n, d+1), row i from the same image as row i of ``z``.
        concentration: k > 0.

    Returns: (n,) nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: as :func:`sphere_kernel`.

    Source: claim dual-spheres. Checked by theory_checks/test_dual_spheres.py.

    >>> bool(sphere_positives([[1.0, 0.0]], [[1.0, 0.0]], 3.0)[0] == sphere_capacity(1, 3.0))
    True
    """
    k = positive("concentration", concentration)
    _examine_sphere("z", z)
    _examine_sphere("z_prime", z_prime)

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        _same_shape(z, z_prime)
        dim = z.shape[1] - 1
        return sphere_capacity(dim, k) - k * mean_resultant(k, dim) * (z - z_prime).square().sum(1) / 2

    return pairwise(formula, ("z", "z_prime"), z, z_prime)


def _same_shape(z: torch.Tensor, z_prime: torch.Tensor) -> None:
    if z.shape != z_prime.shape:
        raise InvalidInputError(
            f"z and z_prime must have one row an image each; got {tuple(z.shape)} and {tuple(z_prime.shape)}"
        )


def torus_kernel(a: Any, b: Any, concentration: float) -> Any:
    r"""log κ(a_i, b_j) of the uniform law of d angles with von Mises noise in each, nats.

    .. math:: \kappa(a,b) = \prod_i \frac{I_0\bigl(2k\cos\tfrac{a_i-b_i}2\bigr)}{I_0(k)^2}

    Args:
        a: angles of f(X) in radians, shape (n, d); whole turns change nothing.
        b: angles of f(X′), shape (m, d).
        concentration: k > 0.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or ``concentration`` not finite and positive.

    Source: claim dual-spheres. Checked by theory_checks/test_dual_spheres.py.

    >>> torus_kernel([[0.0]], [[0.0], [math.pi]], 1.0).round(4)
    array([[ 0.3522, -0.4718]])
    """
    k = positive("concentration", concentration)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        own = scaled_own(k, 1)
        total = torch.zeros(a.shape[0], b.shape[0], dtype=a.dtype, device=a.device)
        for i in range(a.shape[1]):
            half = (a[:, i, None] - b[None, :, i]) / 2
            # 2|cos| − 2 = −2 sin²/(1 + |cos|): neighbours lose no digits.
            cosine = torch.cos(half).abs()
            apart = -2 * torch.sin(half).square() / (1 + cosine)
            total = total + log_mean(2 * k * cosine, 1, scaled=True) - 2 * own + k * apart
        return total

    return pairwise(formula, ("a", "b"), a, b)


def torus_positives(z: Any, z_prime: Any, concentration: float) -> Any:
    r"""E over the noise of log p(Y_i | f(X_i′))/m(Y_i) for each pair, nats: C − k·A(k) Σ (1 − cos(f−f′)).

    Args:
        z: angles of f(X) in radians, shape (n, d).
        z_prime: angles of f(X′), shape (n, d), row i from the same image as row i of ``z``.
        concentration: k > 0.

    Returns: (n,) nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: as :func:`torus_kernel`.

    Source: claim dual-spheres. Checked by theory_checks/test_dual_spheres.py.

    >>> bool(torus_positives([[1.0, 2.0]], [[1.0, 2.0]], 3.0)[0] == torus_capacity(2, 3.0))
    True
    """
    k = positive("concentration", concentration)

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        _same_shape(z, z_prime)
        lost = 2 * torch.sin((z - z_prime) / 2).square().sum(1)
        return torus_capacity(z.shape[1], k) - k * mean_resultant(k, 1) * lost

    return pairwise(formula, ("z", "z_prime"), z, z_prime)
