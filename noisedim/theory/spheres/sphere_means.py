r"""The mean of an exponential over a sphere: the normaliser of von Mises and Fisher's law, in every dimension, differentiable.

M(t) = E exp(t·u₁) for u uniform on the sphere S^d in R^(d+1), and A = M′/M. Written for tensors, because training runs
through it; to about 1e-13 for all t >= 0 and all d, without special functions that lack a gradient or overflow.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

import torch

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import elementwise, in_double

__all__ = ["log_mean", "log_sphere_mean", "mean_and_resultant", "mean_resultant", "require_finite", "scaled_own"]

# From this order on eight terms of Debye's expansion err by less than 1e-14.
_ASYMPTOTIC_ORDER = 50
_DEBYE_TERMS = 8
# Bernoulli's numbers B₂, B₄, …, B₁₄: for log(sinh t/t) to rounding below this t.
_BERNOULLI = (
    Fraction(1, 6),
    Fraction(-1, 30),
    Fraction(1, 42),
    Fraction(-1, 30),
    Fraction(5, 66),
    Fraction(-691, 2730),
    Fraction(7, 6),
)
_NEAR_ZERO = 0.3


@lru_cache
def _debye_coefficients() -> tuple[tuple[float, ...], ...]:
    """Coefficients of u₁, u₂, … in p, lowest first, by their recursion (DLMF 10.41.9), exactly until the last step."""
    polynomials: list[list[Fraction]] = [[Fraction(1)]]
    for _ in range(_DEBYE_TERMS):
        u, following = polynomials[-1], [Fraction(0)] * (len(polynomials[-1]) + 3)
        for n, c in enumerate(u):
            # ½p²(1−p²)u′ + ⅛∫(1−5p²)u
            following[n + 1] += c * (Fraction(n, 2) + Fraction(1, 8 * (n + 1)))
            following[n + 3] -= c * (Fraction(n, 2) + Fraction(5, 8 * (n + 3)))
        polynomials.append(following)
    return tuple(tuple(float(c) for c in polynomial) for polynomial in polynomials[1:])


def _debye(order: float, t: torch.Tensor, *, scaled: bool) -> torch.Tensor:
    """log ₀F₁(; order+1; t²/4), less t if ``scaled``, for a large order, t >= 0; relative to its value at 0, 0 there."""
    x = t / order
    s = torch.hypot(x, torch.ones_like(x))
    w = x * x / (1 + s)  # s − 1
    # w − x without cancellation for large x, where both are of size x.
    main = torch.where(x < 1, w - x, 1 / (s + x) - 1) if scaled else w
    p = 1 / s
    total, at_zero = torch.zeros_like(s), 0.0
    for k, coefficients in reversed(list(enumerate(_debye_coefficients(), 1))):
        value = torch.zeros_like(s)
        # Only every second power occurs, from p^k to p^(3k).
        for c in coefficients[3 * k : k - 1 : -2]:
            value = value * p * p + c
        total = total + value * p**k / order**k
        at_zero += math.fsum(coefficients) / order**k
    return order * (main - torch.log1p(w / 2)) - torch.log(s) / 2 + torch.log1p(total) - math.log1p(at_zero)


def _on_the_circle(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """log I₀(t) − t, and I₁/I₀."""
    own = torch.special.i0e(t)
    return torch.log(own), torch.special.i1e(t) / own


def _on_the_sphere(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """log(sinh t/t) − t, and coth t − 1/t: by Bernoulli's numbers where the latter cancels."""
    far = t.clamp(min=_NEAR_ZERO)
    lost = torch.exp(-2 * far)
    square, log, resultant = t * t, torch.zeros_like(t), torch.zeros_like(t)
    for n, bernoulli in reversed(list(enumerate(_BERNOULLI, 1))):
        c = float(4**n * bernoulli / math.factorial(2 * n))
        log, resultant = (log + c / (2 * n)) * square, resultant * square + c
    near = t < _NEAR_ZERO
    return (
        torch.where(near, log - t, torch.log((1 - lost) / (2 * far))),
        torch.where(near, resultant * t, (1 + lost) / (1 - lost) - 1 / far),
    )


def mean_and_resultant(t: torch.Tensor, dim: int, *, scaled: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """log M(t), less t if ``scaled``, and A(t) on the sphere S^dim, for t >= 0.

    M(t) = F(ν) = ₀F₁(; ν+1; t²/4) with ν = (dim−1)/2. Less t, on the circle and on S², by functions that are there. Else
    from a large order downwards by the contiguous relation F(μ−1) = F(μ) + t²/4/(μ(μ+1)) F(μ+1), whose terms are all
    positive; A = t F(ν+1)/(2(ν+1) F(ν)).
    """
    if scaled and dim <= 2:
        return _on_the_circle(t) if dim == 1 else _on_the_sphere(t)
    order = (dim - 1) / 2
    steps = max(0, math.ceil(_ASYMPTOTIC_ORDER - order))
    top = order + steps
    z = t * t / 4
    logs = _debye(top, t, scaled=scaled)
    ratio = torch.exp(_debye(top + 1, t, scaled=scaled) - logs)
    for k in range(steps):
        term = z * ratio / ((top - k) * (top - k + 1))
        logs = logs + torch.log1p(term)
        ratio = 1 / (1 + term)
    return logs, t * ratio / (2 * (order + 1))


class _LogMean(torch.autograd.Function):
    """log M(t), less t if scaled; its derivative is A(t), less 1: that is kept instead of every step of the recursion."""

    @staticmethod
    def forward(context: Any, t: torch.Tensor, dim: int, scaled: bool) -> torch.Tensor:
        value, resultant = mean_and_resultant(t, dim, scaled=scaled)
        context.save_for_backward(resultant - 1 if scaled else resultant)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (slope,) = context.saved_tensors
        return gradient * slope, None, None


def log_mean(t: torch.Tensor, dim: int, *, scaled: bool) -> torch.Tensor:
    """log M(t), less t if ``scaled``, differentiable once: what kernels are built of; nothing is checked."""
    return _LogMean.apply(t, dim, scaled)


def require_finite(name: str, value: torch.Tensor, *, positive: bool = False) -> torch.Tensor:
    """The value, if it is finite and >= 0, or > 0 where it must be ``positive``."""
    allowed = value > 0 if positive else value >= 0
    if not bool((allowed & torch.isfinite(value)).all()):
        raise InvalidInputError(f"{name} must be finite and {'>' if positive else '>='} 0; got {value.tolist()!r}")
    return value


def log_sphere_mean(t: Any, dim: int) -> Any:
    r"""log E exp(t·u₁) for u uniform on the sphere S^d in R^(d+1), nats.

    .. math:: \log M(t) = \log {}_0F_1\bigl(;\tfrac{d+1}2;\tfrac{t^2}4\bigr)
              = \log\Bigl[\Gamma(\nu+1)(t/2)^{-\nu}I_\nu(t)\Bigr], \qquad \nu = \tfrac{d-1}2

    log I₀(t) on the circle, log(sinh t/t) on S². 1/M(k) is the von Mises–Fisher density's constant with respect to the
    uniform law.

    Args:
        t: ≥ 0, any shape.
        dim: dimension d ≥ 1 of the sphere itself.

    Returns: nats, in the shape of ``t``.

    Raises: InvalidInputError: if ``t`` is not finite and ≥ 0, or ``dim`` < 1.

    Source: Mardia & Jupp, Directional Statistics, Section 9.3. Checked by theory_checks/test_dual_spheres.py.

    >>> round(log_sphere_mean(1.0, 2), 9), round(math.log(math.sinh(1.0)), 9)
    (0.161439362, 0.161439362)
    """
    dim = positive_integer("dim", dim)
    return elementwise(lambda t: log_mean(require_finite("t", t), dim, scaled=False), t=t)


def mean_resultant(concentration: Any, dim: int) -> Any:
    r"""A(k) = E⟨x, Y⟩ for Y of von Mises and Fisher's law about x on the sphere S^d.

    .. math:: A(k) = \frac{M'(k)}{M(k)} = \frac{I_{\nu+1}(k)}{I_\nu(k)}, \qquad \nu = \tfrac{d-1}2

    Args:
        concentration: k ≥ 0, any shape.
        dim: dimension d ≥ 1 of the sphere itself.

    Returns: a length in [0, 1), in the shape of ``concentration``.

    Raises: InvalidInputError: if ``concentration`` is not finite and ≥ 0, or ``dim`` < 1.

    Source: Mardia & Jupp, Directional Statistics, Section 9.3. Checked by theory_checks/test_dual_spheres.py.

    >>> round(mean_resultant(1.0, 2), 6)  # coth 1 − 1
    0.313035
    """
    dim = positive_integer("dim", dim)
    return elementwise(
        lambda t: mean_and_resultant(require_finite("concentration", t), dim, scaled=True)[1], t=concentration
    )


def scaled_own(k: float, dim: int) -> float:
    """log M(k) − k."""
    return float(mean_and_resultant(in_double(k), dim, scaled=True)[0])
