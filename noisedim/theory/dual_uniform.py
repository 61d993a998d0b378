r"""A dual for the uniform prior that is a bound: the channel's density, leaked a little beyond its support.

Uniform noise never leaves its box, so the pointwise information is −∞ off it, and a Donsker–Varadhan bound with that
critic is −∞ as soon as two views differ by more than the box. With a leakage η ∈ (0, 1] in each coordinate,

    T_η(x, y) = Σ_i log[η + (1−η)·w·1{|y_i − x_i| ≤ ε}],    w = (1+2ε)/(2ε) = p(y_i | x_i)/m(y_i) inside the box,

is finite everywhere, and its noise is integrated out in closed form: P(|f_i + Z_i − f_i′| ≤ ε) = q_i =
(1 − |f_i−f_i′|/(2ε))₊, and E_Z e^(T_η(b, a+Z)) = Π_i [η + (1−η)κ_i] with κ_i the uniform kernel's factor. Hence

    J_η = Σ_i E[q_i log(η + (1−η)w) + (1−q_i) log η] − log E Π_i [η + (1−η)κ_i] ≤ I(f(X′); f(X)+Z)

for every η, whatever the laws of f(X) and f(X′) in [0, 1]^d; as η → 0 for equal views, J_0 = C − D₂.
"""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.precision import doubled
from noisedim.theory._arrays import in_double, pairwise
from noisedim.theory.dual_batch import row_bound

__all__ = [
    "best_leakage",
    "largest_leaky_dual",
    "leaky_alignment",
    "leaky_kernel",
    "leaky_positives",
    "leaky_row_bound",
    "row_leakage",
    "uniform_least_batch",
]

# Leakages that are tried on a batch, and by how many of its rows: J_η is flat about its maximum.
_LEAKAGES = tuple(float(eta) for eta in np.geomspace(1e-3, 1.0, 25))
_CHOOSING_ROWS = 512


def _leakage(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        value = positive("leakage", value)
        if value > 1:
            raise InvalidInputError(f"leakage must lie in (0, 1]; got {value!r}")
        return value
    if value.numel() != 1 or not value.is_floating_point():
        raise InvalidInputError(f"leakage must be one real number; got a tensor of shape {tuple(value.shape)}")
    # One on the device is not read back: that would stall it.
    if value.device.type == "cpu":
        _leakage(value.item())
    return doubled(value.detach()).reshape(())


def leaky_kernel(a: Any, b: Any, epsilon: float, leakage: Any) -> Any:
    r"""log E_Z exp T_η(b_j, a_i+Z) for all pairs, nats: finite where the uniform kernel's log is −∞.

    .. math:: \log\kappa_\eta(a,b) = \sum_i \log\Bigl[\eta + (1-\eta)\frac{1+2\varepsilon}{2\varepsilon}
              \Bigl(1 - \frac{|a_i-b_i|}{2\varepsilon}\Bigr)_+\Bigr]

    Args:
        a: embeddings f(X) in [0, 1]^d, shape (n, d).
        b: embeddings f(X′) in [0, 1]^d, shape (m, d).
        epsilon: half-width of the noise, > 0.
        leakage: η in (0, 1]. A 0-d tensor is taken as a constant.

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> leaky_kernel([[0.5]], [[0.5], [0.9]], 0.1, 0.5).round(4)  # ½ + ½·6, and ½
    array([[ 1.2528, -0.6931]])
    """
    width, eta = 2 * positive("epsilon", epsilon), _leakage(leakage)
    scale = (1 - eta) * (1 + 1 / width)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(a.shape[0], b.shape[0], dtype=a.dtype, device=a.device)
        # Coordinate by coordinate: (n, m) at a time, never (n, m, d).
        for i in range(a.shape[1]):
            overlap = (1 - (a[:, i, None] - b[None, :, i]).abs() / width).clamp(min=0)
            total = total + torch.log(eta + scale * overlap)
        return total

    return pairwise(formula, ("a", "b"), a, b)


def leaky_positives(z: Any, z_prime: Any, epsilon: float, leakage: Any) -> Any:
    r"""E_Z T_η(f(X_i′), f(X_i)+Z) of each pair, nats.

    .. math:: t = \sum_i \Bigl[q_i\log\Bigl(1 + \frac{(1-\eta)(1+2\varepsilon)}{2\varepsilon\eta}\Bigr) + \log\eta\Bigr],
              \qquad q_i = \Bigl(1 - \frac{|f_i-f_i'|}{2\varepsilon}\Bigr)_+

    Args:
        z: f(X) in [0, 1]^d, shape (n, d).
        z_prime: f(X′) in [0, 1]^d, shape (n, d), row i from the same image as row i of ``z``.
        epsilon: half-width of the noise, > 0.
        leakage: η in (0, 1]. A 0-d tensor is taken as a constant.

    Returns: (n,) nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> leaky_positives([[0.5]], [[0.5]], 0.1, 0.5).round(4)  # log(½ + ½·6)
    array([1.2528])
    """
    width, eta = 2 * positive("epsilon", epsilon), _leakage(leakage)

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        if z.shape != z_prime.shape:
            raise InvalidInputError(
                f"z and z_prime must have one row an image each; got {tuple(z.shape)} and {tuple(z_prime.shape)}"
            )
        inside = (1 - (z - z_prime).abs() / width).clamp(min=0)
        outside = torch.log(in_double(eta))
        covered = torch.log1p(in_double((1 - eta) / width))  # log(η + (1−η)(1+2ε)/(2ε))
        if z.device.type != "cpu":
            outside, covered = outside.to(z.device), covered.to(z.device)
        return (inside * (covered - outside) + outside).sum(1)

    return pairwise(formula, ("z", "z_prime"), z, z_prime)


def _overlap(overlap: float) -> float:
    if not 0 <= overlap <= 1:
        raise InvalidInputError(f"overlap must lie in [0, 1]; got {overlap!r}")
    return float(overlap)


def best_leakage(overlap: float, epsilon: float) -> float:
    r"""The η in [0, 1] that maximises E T_η: what the views' boxes leave uncovered, over what the channel leaves.

    .. math:: \eta^* = \min\bigl(1,\ (1-\bar q)(1+2\varepsilon)\bigr)

    The maximiser of J_η itself where E Π[η+(1−η)κ_i] = 1 for every η, as when f(X) or f(X′) makes Y uniform.

    Args:
        overlap: q̄, the mean of (1 − |f_i−f_i′|/(2ε))₊ over pairs and coordinates, in [0, 1].
        epsilon: half-width of the noise, > 0.

    Returns: η; 0 for equal views, of which J_η is the limit as η → 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> round(best_leakage(0.9, 0.1), 6)
    0.12
    """
    return min(1.0, (1 - _overlap(overlap)) * (1 + 2 * positive("epsilon", epsilon)))


def leaky_alignment(dim: int, overlap: float, epsilon: float) -> float:
    r"""The largest E T_η over η, nats: a binary divergence, and the capacity for equal views.

    .. math:: \max_\eta \mathbb E\,T_\eta = d\cdot\mathrm{kl}\Bigl(\bar q \Big\| \frac{2\varepsilon}{1+2\varepsilon}\Bigr)
              \quad\text{for } \bar q \ge \frac{2\varepsilon}{1+2\varepsilon},\text{ else } 0

    Args:
        dim: embedding dimension d ≥ 1.
        overlap: q̄, the mean of (1 − |f_i−f_i′|/(2ε))₊ over pairs and coordinates, in [0, 1].
        epsilon: half-width of the noise, > 0.

    Returns: nats, ≥ 0; d·log(1+1/(2ε)) at q̄ = 1.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> round(leaky_alignment(2, 1.0, 0.05), 4)  # the capacity of Theorem 3.5
    4.7958
    """
    q, width = _overlap(overlap), 2 * positive("epsilon", epsilon)
    chance = width / (1 + width)
    if q <= chance:
        return 0.0
    missed = (1 - q) * math.log((1 - q) * (1 + width)) if q < 1 else 0.0
    return dim * (q * (math.log(q) + math.log1p(1 / width)) + missed)


def largest_leaky_dual(z: Any, z_prime: Any, epsilon: float) -> tuple[float, float]:
    r"""max over η of J_η, nats, and its η, for a law of finitely many equally likely pairs.

    E is over the pairs given, and of the kernel over all n² of them, i = j included: the two views of J's second
    expectation are independent, and of such a law they coincide once in n times. Of a sample from a larger law this is
    neither a bound nor unbiased: there, use :func:`noisedim.theory.dual_batch.row_bound`.

    Args:
        z: f(X) in [0, 1]^d, shape (n, d).
        z_prime: f(X′) in [0, 1]^d, shape (n, d).
        epsilon: half-width of the noise, > 0.

    Returns: (J_η, η) with η in (0, 1]; J is at least 0, which η = 1 gives.

    Raises: InvalidInputError: for shapes that do not match or values off [0, 1].

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> value, leakage = largest_leaky_dual([[0.0], [1.0]], [[0.0], [1.0]], 0.25)
    >>> round(value, 4), leakage < 1e-6  # equal views: log 2 in the limit of no leakage
    (0.6931, True)
    """
    from scipy.optimize import minimize_scalar

    first, second = embedding_matrix("z", z), embedding_matrix("z_prime", z_prime)
    for name, values in (("z", first), ("z_prime", second)):
        if values.min() < 0 or values.max() > 1:
            raise InvalidInputError(f"{name} must lie in [0, 1]; got values from {values.min():g} to {values.max():g}")

    def negative(log_leakage: float) -> float:
        eta = min(1.0, math.exp(log_leakage))
        logs = leaky_kernel(first, second, epsilon, eta)
        top = logs.max()
        return float(top + math.log(np.exp(logs - top).mean()) - leaky_positives(first, second, epsilon, eta).mean())

    # J_η is smooth in log η but need not be concave: the best of a grid, then its neighbourhood.
    grid = np.linspace(math.log(1e-12), 0.0, 113)
    found_there = [negative(float(point)) for point in grid]
    k = int(np.argmin(found_there))
    ends = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    found = minimize_scalar(negative, bounds=ends, method="bounded", options={"xatol": 1e-10})
    best = min(((float(found.fun), float(found.x)), (found_there[k], float(grid[k]))))
    return -best[0], min(1.0, math.exp(best[1]))


def row_leakage(z: Any, z_prime: Any, epsilon: float) -> float:
    r"""The leakage, of 25 from 0.001 to 1, at which the row-wise J_η of a batch is largest; of at most its first 512 rows.

    Args:
        z: f(X) in [0, 1]^d, shape (n, d).
        z_prime: f(X′) in [0, 1]^d, shape (n, d), row i from the same image as row i of ``z``.
        epsilon: half-width of the noise, > 0.

    Returns: η in (0, 1]. Of the rows that it was chosen on, J_η is not a bound in the mean: :func:`leaky_row_bound`.

    Raises: InvalidInputError: for shapes that do not match or ``epsilon`` not finite and positive.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> row_leakage([[0.0], [1.0]], [[0.0], [1.0]], 0.25)  # equal views: as little as there is
    0.001
    """
    z, z_prime = z[:_CHOOSING_ROWS], z_prime[:_CHOOSING_ROWS]
    values = [
        row_bound(leaky_positives(z, z_prime, epsilon, eta), leaky_kernel(z, z_prime, epsilon, eta))
        for eta in _LEAKAGES
    ]
    if isinstance(values[0], torch.Tensor):  # one synchronisation with the device, not 25
        return _LEAKAGES[int(torch.stack(values).argmax())]
    return _LEAKAGES[int(np.argmax(values))]


def leaky_row_bound(z: Any, z_prime: Any, epsilon: float) -> Any:
    r"""The row-wise J_η of a batch, nats, each half of the rows with the leakage that is best for the other half.

    With η from other images, the row-wise dual of n/2 rows is at most log(n/2) always and at most I in the mean; so is the
    mean of both halves'.

    Args:
        z: f(X) in [0, 1]^d, shape (n, d), n ≥ 2.
        z_prime: f(X′) in [0, 1]^d, shape (n, d), row i from the same image as row i of ``z``.
        epsilon: half-width of the noise, > 0.

    Returns: nats, at most log(n/2); a 0-d tensor for tensors, else a float.

    Raises: InvalidInputError: for shapes that do not match, fewer than 2 rows or ``epsilon`` not finite and positive.

    Source: claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> z = np.linspace(0, 1, 8)[:, None]  # four points that the noise keeps apart, in either half: log 4, less the leakage
    >>> round(leaky_row_bound(z, z, 0.05), 3)
    1.386
    """
    if len(z) < 2 or len(z) != len(z_prime):
        raise InvalidInputError(
            f"z and z_prime must have one row per image each, 2 or more; got {len(z)} and {len(z_prime)}"
        )
    middle = len(z) // 2
    halves = (z[:middle], z_prime[:middle]), (z[middle:], z_prime[middle:])
    total: Any = 0.0
    for own, other in (halves, halves[::-1]):
        eta = row_leakage(*other, epsilon)
        total = total + row_bound(leaky_positives(*own, epsilon, eta), leaky_kernel(*own, epsilon, eta))
    return total / 2


def uniform_least_batch(dim: int, epsilon: float) -> float:
    r"""The number of rows from which on a batch sees the uniform prior's kernel: below it its mean is mostly its tail.

    .. math:: B = \sqrt{2}\,\Bigl(\frac{\mathbb E(2\varepsilon-|U-U'|)_+^2}{(\mathbb E(2\varepsilon-|U-U'|)_+)^2}\Bigr)^{d/2}

    The rule of :func:`noisedim.theory.dual_batch.least_batch`, with the relative second moment of κ at two independent draws
    of U[0, 1]^d. For little noise it is about √2·(3ε)^(−d/2): e^(C/2), not e^C.

    Args:
        dim: embedding dimension d ≥ 1.
        epsilon: half-width of the noise, > 0.

    Returns: rows, not rounded; inf where it overflows.

    Raises: InvalidInputError: for arguments out of range.

    Source: moments of the triangular law of |U − U′|; claim dual-leaky. Checked by theory_checks/test_dual_leaky.py.

    >>> round(uniform_least_batch(2, 0.05), 2)
    9.84
    """
    dim, width = positive_integer("dim", dim), 2 * positive("epsilon", epsilon)
    top = min(1.0, width)
    # ∫ 2(1−t)(w−t)^p over [0, top], p = 1 and 2.
    mean = 2 * (width * top - (1 + width) * top**2 / 2 + top**3 / 3)
    square = 2 * (width**2 * top - (width**2 + 2 * width) * top**2 / 2 + (1 + 2 * width) * top**3 / 3 - top**4 / 4)
    log = math.log(2) / 2 + dim / 2 * (math.log(square) - 2 * math.log(mean))
    return math.exp(log) if log < 700 else math.inf
