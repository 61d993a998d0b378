r"""The dual of distribution matching in closed form: Theorem 4.1's critic and the kernels that integrate its noise out.

Matrices over all pairs of rows, in nats. NumPy input is computed in float64; torch tensors keep their floating dtype,
because training runs through the same functions, and gradients pass through.
"""

import math
from typing import Any

import torch

from noisedim.checks import positive
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import in_double, pairwise

__all__ = ["gaussian_dual_critic", "gaussian_dual_kernel", "uniform_dual_kernel"]

_SMALLEST_LEVEL = 1e-150


def _scalar_level(name: str, level: Any) -> float | torch.Tensor:
    if not isinstance(level, torch.Tensor):
        return positive(name, level)
    if level.numel() != 1 or level.is_complex() or level.dtype is torch.bool:
        raise InvalidInputError(
            f"{name} must be one real number; got a tensor of shape {tuple(level.shape)} and dtype {level.dtype}"
        )
    # A level on the device is not read back: that would stall it.
    if level.device.type == "cpu":
        positive(name, level.item())
    return level.reshape(())


def _variance(level: float | torch.Tensor) -> float | torch.Tensor:
    """σ², of a level for which it and 1/σ² are finite: with 0 or ∞ the formulas are 0/0 or 0·∞."""
    if not isinstance(level, torch.Tensor) or level.device.type == "cpu":
        value = level.item() if isinstance(level, torch.Tensor) else level
        if not _SMALLEST_LEVEL <= value <= 1 / _SMALLEST_LEVEL:
            raise InvalidInputError(
                f"sigma must lie between {_SMALLEST_LEVEL:g} and {1 / _SMALLEST_LEVEL:g}, so that σ² and "
                f"1/σ² are finite; got {value:g}"
            )
    return level * level


def _squared_distances(first: torch.Tensor, second: torch.Tensor, *, precise: bool) -> torch.Tensor:
    """(n, m) squared Euclidean distances; ``precise`` differences coordinates instead of expanding the square."""
    if precise:
        distances = torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
        return distances * distances
    squares = (first * first).sum(1)[:, None] + (second * second).sum(1)[None, :]
    return (squares - 2 * first @ second.T).clamp(min=0)


def _needs_precise_distances(level: float | torch.Tensor, dtype: torch.dtype) -> bool:
    # Expanding the square is several times faster and errs by about eps·‖x‖², which the formulas divide by about σ².
    # From these levels on that is below 1e-12 in double and 1e-4 in single precision for ‖x‖² = 10.
    # A level on the device is not read back (that would stall it): the expansion is used there.
    if isinstance(level, torch.Tensor) and level.device.type != "cpu":
        return False
    value = float(level.detach()) if isinstance(level, torch.Tensor) else level
    return value < (0.05 if dtype is torch.float64 else 0.1)


def gaussian_dual_critic(x: Any, y: Any, sigma: Any) -> Any:
    r"""Theorem 4.1's critic T*(x_i, y_j) for all pairs: the optimal one when f(X) = f(X′) ~ N(0, I).

    .. math:: T^*(x,y) = \frac{\|y\|^2}{2(1+\sigma^2)} - \frac{\|y-x\|^2}{2\sigma^2}

    Args:
        x: clean embeddings f(X′), shape (n, d).
        y: noisy embeddings f(X)+Z, shape (m, d).
        sigma: noise standard deviation, > 0, one number.

    Returns: (n, m) matrix, nats up to the constant −C; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or ``sigma`` not between 1e-150 and 1e150.

    Source: arXiv 2410.06993, Theorem 4.1. Checked by theory_checks/test_theorem_4_1.py.

    >>> gaussian_dual_critic([[0.0]], [[0.0], [1.0]], 1.0)
    array([[ 0.  , -0.25]])
    """
    level = _scalar_level("sigma", sigma)
    variance = _variance(level)

    def formula(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        precise = _needs_precise_distances(level, x.dtype)
        distances = _squared_distances(x, y, precise=precise)
        return (y * y).sum(1)[None, :] / (2 * (1 + variance)) - distances / (2 * variance)

    return pairwise(formula, ("x", "y"), x, y)


def gaussian_dual_kernel(a: Any, b: Any, sigma: Any) -> Any:
    r"""Log of Mehler's kernel κ(a_i, b_j), the noise-free form of the dual's partition function.

    .. math:: \log\kappa(a,b) = -\tfrac d2\log(1-r^2)
              + \frac{2r\langle a,b\rangle - r^2(\|a\|^2+\|b\|^2)}{2(1-r^2)}, \qquad r = \frac1{1+\sigma^2}

    E κ(f(X₁), f(X₂)) over independent images is exp D₂(f(X)+Z ‖ N(0, (1+σ²)I)), and is 1 iff f(X) ~ N(0, I).

    Args:
        a: embeddings, shape (n, d).
        b: embeddings, shape (m, d).
        sigma: noise standard deviation, > 0, one number.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or ``sigma`` not between 1e-150 and 1e150.

    Source: Mehler (1866); the dual form is new, claim dual-gaussian. Checked by
        theory_checks/test_dual_gaussian.py.

    >>> import numpy as np
    >>> float(np.round(gaussian_dual_kernel([[0.0]], [[0.0]], 1.0)[0, 0], 6))
    0.143841
    """
    level = _scalar_level("sigma", sigma)
    variance = _variance(level)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        dim = a.shape[1]
        # With s = σ²: 1−r² = s(2+s)/(1+s)², r/(1−r²) = (1+s)/(s(2+s)), r/(1+r) = 1/(2+s). Distances and norms apart,
        # nothing cancels as s → 0; for large s, log1p keeps the leading r².
        s = in_double(variance)
        small = 2 * torch.log1p(s) - torch.log(s) - torch.log(2 + s)
        large = -torch.log1p(-((1 + s.clamp(min=0.5)) ** -2))
        log_scale = dim / 2 * torch.where(s < 1, small, large)
        constant = log_scale.to(a) if isinstance(variance, torch.Tensor) else log_scale.item()
        norms = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :]
        if _needs_precise_distances(level, a.dtype):
            distances = _squared_distances(a, b, precise=True)
            return (
                constant + norms / (2 * (2 + variance)) - distances * ((1 + variance) / (2 * variance * (2 + variance)))
            )
        # The same with ‖a−b‖² expanded: two passes over the matrix instead of seven, and training waits for this one.
        scale = 1 / (variance * (2 + variance))
        return (constant - norms * (scale / 2)) + (a * ((1 + variance) * scale)) @ b.T

    return pairwise(formula, ("a", "b"), a, b)


def uniform_dual_kernel(a: Any, b: Any, epsilon: Any) -> Any:
    r"""Log of the uniform prior's kernel κ(a_i, b_j): −inf where two noise boxes do not overlap.

    .. math:: \log\kappa(a,b) = \sum_i \log\frac{(1+2\varepsilon)\max(0,\, 2\varepsilon-|a_i-b_i|)}{(2\varepsilon)^2}

    E κ(f(X₁), f(X₂)) over independent images is exp D₂(f(X)+Z ‖ U[−ε, 1+ε]^d).

    Args:
        a: embeddings in [0, 1]^d, shape (n, d).
        b: embeddings in [0, 1]^d, shape (m, d).
        epsilon: half-width of the noise, > 0, one number.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64. Gradients are zero,
        not NaN, where κ = 0.

    Raises: InvalidInputError: for shapes that do not match or ``epsilon`` not finite and positive.

    Source: new, claim dual-uniform. Checked by theory_checks/test_dual_uniform.py.

    >>> uniform_dual_kernel([[0.5]], [[0.5], [0.9]], 0.1).round(4)
    array([[1.7918,   -inf]])
    """
    level = _scalar_level("epsilon", epsilon)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        width = 2 * level
        # log((1+w)/w) and log(1 − |a−b|/w) in the forms that keep their digits when the width w is large.
        scale = torch.log1p(1 / in_double(width))
        total = torch.zeros(a.shape[0], b.shape[0], dtype=a.dtype, device=a.device)
        # Coordinate by coordinate: (n, m) at a time, never (n, m, d).
        for i in range(a.shape[1]):
            apart = (a[:, i, None] - b[None, :, i]).abs() / width
            # NaN is not outside: it must come out as NaN.
            outside = apart >= 1
            total = total + torch.where(outside, -math.inf, torch.log1p(-torch.where(outside, 0.0, apart)))
        return total + a.shape[1] * scale.to(total)

    return pairwise(formula, ("a", "b"), a, b)
