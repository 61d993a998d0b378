r"""The Gaussian dual for views that are not identical: Theorem 4.1's critic with the correlation as a parameter.

Theorem 4.1's critic is the pointwise information of a pair with f(X) = f(X′) ~ N(0, I). Of standard normal views with
correlation ρ in each coordinate it is, with c² = 1/(1+σ²) and u = c·y,

    T_ρ(x, y) = −(d/2) log(1−ρ²c²) + (2ρc⟨x, u⟩ − ρ²c²(‖x‖² + ‖u‖²)) / (2(1−ρ²c²)),

the log of Mehler's kernel at ρc between x and u; ρ = 1 gives Theorem 4.1's plus the capacity C. Any fixed ρ gives a
Donsker–Varadhan bound J_ρ = E T_ρ − log E e^(T_ρ) ≤ I(f(X′); f(X)+Z). Integrating the noise out is a step of the
Ornstein–Uhlenbeck semigroup, which multiplies the correlation by c: the noise-free kernel is Mehler's at r = ρc², so it
is Theorem 4.1's own at a larger noise level (:func:`adaptive_sigma`), at the same cost.
"""

import math
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.precision import doubled
from noisedim.theory._arrays import elementwise, pairwise
from noisedim.theory.dual import gaussian_dual_kernel

__all__ = [
    "adaptive_critic",
    "adaptive_gaussian_dual",
    "adaptive_kernel",
    "adaptive_sigma",
    "best_correlation",
    "gaussian_log_mean_kernel",
    "gaussian_positives",
    "tightest_row_bound",
    "tilted_row_bound",
]


def _correlation(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        value = positive("correlation", value)
        if value > 1:
            raise InvalidInputError(f"correlation must lie in (0, 1]; got {value!r}")
        return value
    if value.numel() != 1 or not value.is_floating_point():
        raise InvalidInputError(f"correlation must be one real number; got a tensor of shape {tuple(value.shape)}")
    # One on the device is not read back: that would stall it.
    if value.device.type == "cpu":
        _correlation(value.item())
    return doubled(value.detach()).reshape(())


def _log(value: Any) -> Any:
    return torch.log(value) if isinstance(value, torch.Tensor) else math.log(value)


def adaptive_sigma(sigma: float, correlation: Any) -> Any:
    r"""The noise level at which Theorem 4.1's kernel is the kernel of the critic of correlation ρ at noise σ.

    .. math:: \sigma_\rho = \sqrt{(1+\sigma^2-\rho)/\rho}, \qquad \frac1{1+\sigma_\rho^2} = \frac\rho{1+\sigma^2}

    Args:
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1]; at 1 the level is ``sigma`` itself. A 0-d tensor is taken as a constant.

    Returns: the level, at least ``sigma``; a 0-d float64 tensor for a tensor.

    Raises: InvalidInputError: for arguments out of range.

    Source: the semigroup property of Mehler's kernel; claim dual-adaptive. Checked by
        theory_checks/test_dual_adaptive.py.

    >>> adaptive_sigma(0.5, 1.0), round(adaptive_sigma(0.1, 0.5), 4)
    (0.5, 1.01)
    """
    sigma, rho = positive("sigma", sigma), _correlation(correlation)
    if isinstance(rho, torch.Tensor):
        return torch.sqrt((sigma * sigma + (1 - rho)) / rho)
    return math.hypot(sigma, math.sqrt(1 - rho)) / math.sqrt(rho)


def adaptive_critic(x: Any, y: Any, sigma: float, correlation: Any) -> Any:
    r"""The critic T_ρ(x_i, y_j) for all pairs: optimal for standard normal views of correlation ρ.

    .. math:: T_\rho(x,y) = \frac d2\log\frac{1+\sigma^2}{1+\sigma^2-\rho^2} + \frac{\|y\|^2}{2(1+\sigma^2)}
              - \frac{\|y-\rho x\|^2}{2(1+\sigma^2-\rho^2)}

    Args:
        x: clean embeddings f(X′), shape (n, d).
        y: noisy embeddings f(X)+Z, shape (m, d).
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1].

    Returns: (n, m) matrix, nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: arXiv 2410.06993, Theorem 4.1 at ρ = 1; claim dual-adaptive. Checked by theory_checks/test_dual_adaptive.py.

    >>> adaptive_critic([[0.0]], [[0.0], [1.0]], 1.0, 1.0).round(4)  # ½·log 2 more than Theorem 4.1's
    array([[0.3466, 0.0966]])
    """
    variance = positive("sigma", sigma) ** 2
    rho = _correlation(correlation)
    lost = variance + (1 - rho) * (1 + rho)

    def formula(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        scale = x.shape[1] / 2 * (math.log1p(variance) - _log(lost))
        apart = torch.cdist(rho * x, y, compute_mode="donot_use_mm_for_euclid_dist").square()
        return scale + (y * y).sum(1)[None, :] / (2 * (1 + variance)) - apart / (2 * lost)

    return pairwise(formula, ("x", "y"), x, y)


def adaptive_kernel(a: Any, b: Any, sigma: float, correlation: Any) -> Any:
    r"""log E_Z exp T_ρ(b_j, a_i+Z) for all pairs: Mehler's kernel at r = ρ/(1+σ²), nats.

    Args:
        a: embeddings f(X), shape (n, d).
        b: embeddings f(X′), shape (m, d).
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1].

    Returns: (n, m) matrix of log κ; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: :func:`noisedim.theory.dual.gaussian_dual_kernel` at :func:`adaptive_sigma`; claim dual-adaptive. Checked by
        theory_checks/test_dual_adaptive.py.

    >>> adaptive_kernel([[0.0]], [[0.0]], 0.1, 0.505).round(6)  # r is ½ here, as at σ = 1
    array([[0.143841]])
    """
    return gaussian_dual_kernel(a, b, adaptive_sigma(sigma, correlation))


def gaussian_positives(z: Any, z_prime: Any, sigma: float, correlation: Any = 1.0) -> Any:
    r"""E_Z T_ρ(f(X_i′), f(X_i)+Z) of each pair, nats: what alignment leaves of the capacity.

    .. math:: t_i = \frac d2\log\frac{1+\sigma^2}{1+\sigma^2-\rho^2} - \frac{\|f_i-\rho f_i'\|^2}{2(1+\sigma^2-\rho^2)}
              + \frac1{2(1+\sigma^2)}\Bigl(\|f_i\|^2 - \frac{d\rho^2\sigma^2}{1+\sigma^2-\rho^2}\Bigr)

    At ρ = 1: C − ‖f−f′‖²/(2σ²) + (‖f‖²−d)/(2(1+σ²)), whose last term makes the bound hold for any second moment.

    Args:
        z: f(X), shape (n, d).
        z_prime: f(X′), shape (n, d), row i from the same image as row i of ``z``.
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1]; 1 is Theorem 4.1's critic. A 0-d tensor is taken as a constant.

    Returns: (n,) nats; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: arXiv 2410.06993, Theorem 4.1, with the noise integrated out; claims dual-rows and dual-adaptive. Checked by
        theory_checks/test_dual_rows.py.

    >>> gaussian_positives([[1.0, 0.0]], [[1.0, 0.0]], 1.0).round(4)  # log 2 − ¼
    array([0.4431])
    """
    variance = positive("sigma", sigma) ** 2
    rho = _correlation(correlation)
    lost = variance + (1 - rho) * (1 + rho)

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        if z.shape != z_prime.shape:
            raise InvalidInputError(
                f"z and z_prime must have one row an image each; got {tuple(z.shape)} and {tuple(z_prime.shape)}"
            )
        dim = z.shape[1]
        scale = dim / 2 * (math.log1p(variance) - _log(lost)) - dim * rho**2 * variance / (2 * lost * (1 + variance))
        return scale - (z - rho * z_prime).square().sum(1) / (2 * lost) + z.square().sum(1) / (2 * (1 + variance))

    return pairwise(formula, ("z", "z_prime"), z, z_prime)


def tilted_row_bound(z: Any, z_prime: Any, sigma: float, correlation: Any = 1.0, tilt: float = 0.0) -> Any:
    r"""The row-wise dual of a batch with part of each row's own critic taken out before Jensen's inequality, nats.

    .. math:: J_B^\lambda = \frac{1-\lambda}B\sum_i t_i - \frac1B\sum_i \log\Bigl(\frac1B\sum_j
              \mathbb E_Z\,e^{T(f_j', f_i+Z) - \lambda T(f_i', f_i+Z)}\Bigr)

    InfoNCE does not change when a function of the query is added to a row's scores; the bound below it does. λ = 0 is
    J_B; every λ < 1 gives a number that is at most E_Z InfoNCE ≤ log B in every batch, so their maximum is, too. Of points
    far apart compared with the noise J_B loses ½(1 − log 2) nats a coordinate, this ½(1−λ − log(2−λ)), towards 0.

    Args:
        z: f(X), shape (n, d).
        z_prime: f(X′), shape (n, d), row i from the same image as row i of ``z``.
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1], the critic's.
        tilt: λ in [0, 1].

    Returns: nats; a 0-d tensor that gradients pass through for tensors, else a float.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: claim dual-rows. Checked by theory_checks/test_dual_rows.py.

    >>> z = [[-1.0], [1.0]]  # I is log 2 = 0.6931
    >>> [round(tilted_row_bound(z, z, 1e-3, tilt=tilt), 4) for tilt in (0.0, 0.5, 0.9)]
    [0.5397, 0.6459, 0.6908]
    """
    variance = positive("sigma", sigma) ** 2
    rho, tilt = _correlation(correlation), unit_interval("tilt", tilt)
    lost, total = variance + (1 - rho) * (1 + rho), 1 + variance

    def formula(z: torch.Tensor, z_prime: torch.Tensor) -> torch.Tensor:
        positives = gaussian_positives(z, z_prime, sigma, rho)
        dim = z.shape[1]
        # T = τ‖y‖²/2 − ‖y−ρx‖²/(2s) + const, s = 1+σ²−ρ², τ = 1/(1+σ²): in Z a quadratic, whose mean of e is exact.
        inflation = 1 + variance * (1 - tilt) * (1 / lost - 1 / total)
        own = rho * z_prime - z
        centre = z + tilt * own - (1 - tilt) * lost / total * z
        near = torch.cdist(z, rho * z_prime, compute_mode="donot_use_mm_for_euclid_dist").square()
        shifted = torch.cdist(centre, rho * z_prime, compute_mode="donot_use_mm_for_euclid_dist").square()
        of_row = (1 - tilt) * z.square().sum(1) / (2 * total) + tilt * own.square().sum(1) / (2 * lost)
        constant = dim / 2 * ((1 - tilt) * _log(total / lost) - _log(inflation))
        logs = shifted * (variance / (2 * inflation * lost**2)) - near / (2 * lost) + of_row[:, None] + constant
        return (1 - tilt) * positives.mean() - torch.logsumexp(logs, 1).mean() + math.log(len(z))

    value = pairwise(formula, ("z", "z_prime"), z, z_prime)
    return value if isinstance(value, torch.Tensor) else float(value)


def tightest_row_bound(z: Any, z_prime: Any, sigma: float, correlation: float = 1.0) -> tuple[float, float]:
    """The largest :func:`tilted_row_bound` over the tilt, nats, and that tilt: still at most log B in every batch.

    The tilt may be chosen on the batch itself: each one's bound is below one and the same InfoNCE.

    Args:
        z: f(X), shape (n, d).
        z_prime: f(X′), shape (n, d), row i from the same image as row i of ``z``.
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1], the critic's; chosen without the batch.

    Returns: (nats, λ), to within a millinat of the best: of 17 tilts and the neighbourhood of the best of them.

    Raises: InvalidInputError: for shapes that do not match or arguments out of range.

    Source: claim dual-rows. Checked by theory_checks/test_dual_rows.py.

    >>> value, tilt = tightest_row_bound([[-1.0], [1.0]], [[-1.0], [1.0]], 0.05)
    >>> round(value, 3), tilt > 0.9
    (0.693, True)
    """
    from scipy.optimize import minimize_scalar

    def negative(tilt: float) -> float:
        return -float(tilted_row_bound(z, z_prime, sigma, correlation, tilt))

    grid = np.linspace(0, 1, 17)
    values = [negative(float(tilt)) for tilt in grid]
    k = int(np.argmin(values))
    ends = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    found = minimize_scalar(negative, bounds=ends, method="bounded", options={"xatol": 1e-4})
    value, tilt = min((values[k], float(grid[k])), (float(found.fun), float(found.x)))
    return -value, tilt


def adaptive_gaussian_dual(dim: Any, sigma: Any, correlation: Any, true_correlation: Any) -> Any:
    r"""J_ρ in nats for standard normal views whose correlation is m in each coordinate.

    .. math:: J_\rho = d\Bigl[-\tfrac12\log(1-\rho^2c^2) + \frac{\rho c^2(m-\rho)}{1-\rho^2c^2}\Bigr], \qquad
              c^2 = \frac1{1+\sigma^2}

    dJ_ρ/dρ = d·c²(m−ρ)(1+ρ²c²)/(1−ρ²c²)²: the maximum over ρ is at ρ = m, where J_m = −(d/2)·log(1−m²c²) is the
    information itself. ρ = 1 gives Theorem 4.1's C − d(1−m)/σ², which is negative for little noise.

    Args:
        dim: embedding dimension d, a whole number ≥ 1.
        sigma: noise standard deviation, > 0.
        correlation: ρ in [−1, 1], the critic's.
        true_correlation: m in [−1, 1], the views'.

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-adaptive. Checked by theory_checks/test_dual_adaptive.py.

    >>> round(adaptive_gaussian_dual(2, 0.1, 1.0, 0.9), 3), round(adaptive_gaussian_dual(2, 0.1, 0.9, 0.9), 3)
    (-15.385, 1.619)
    """

    def formula(dim: torch.Tensor, sigma: torch.Tensor, rho: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
        if not bool(((dim >= 1) & (dim == dim.round()) & torch.isfinite(dim)).all()):
            raise InvalidInputError(f"dim must be a whole number >= 1; got {dim.tolist()!r}")
        if not bool(((sigma > 0) & torch.isfinite(sigma)).all()):
            raise InvalidInputError(f"sigma must be finite and > 0; got {sigma.tolist()!r}")
        if not bool(((rho.abs() <= 1) & (m.abs() <= 1)).all()):
            raise InvalidInputError(f"correlations must lie in [-1, 1]; got {rho.tolist()!r} and {m.tolist()!r}")
        variance = sigma * sigma
        lost = variance + (1 - rho) * (1 + rho)
        return dim * ((torch.log1p(variance) - torch.log(lost)) / 2 + rho * (m - rho) / lost)

    return elementwise(formula, dim=dim, sigma=sigma, rho=correlation, m=true_correlation)


def gaussian_log_mean_kernel(covariance: Any, sigma: float, correlation: float = 1.0) -> float:
    r"""log E κ(f₁, f₂), nats, for independent f₁, f₂ ~ N(0, Σ); infinite from a variance of 1 + 1/r on.

    .. math:: \log\mathbb E\kappa = -\tfrac12\log\det\bigl(I - r^2(\Sigma-I)^2\bigr), \qquad r = \frac\rho{1+\sigma^2}

    Finite iff every eigenvalue of Σ is below 1 + 1/r: at ρ = 1, below 2 + σ². There the dual J is −∞, though the
    information is finite; the row-wise dual stays finite.

    Args:
        covariance: Σ, (d, d), symmetric and positive semi-definite.
        sigma: noise standard deviation, > 0.
        correlation: ρ in (0, 1].

    Returns: nats, ≥ 0; ``inf`` as above.

    Raises: InvalidInputError: for a matrix that is no covariance or arguments out of range.

    Source: a Gaussian integral; claim dual-infinite. Checked by theory_checks/test_dual_infinite.py.

    >>> round(gaussian_log_mean_kernel([[2.0]], 1.0), 6), gaussian_log_mean_kernel([[3.0]], 1.0)
    (0.143841, inf)
    """
    r = _correlation(correlation) / (1 + positive("sigma", sigma) ** 2)
    matrix = embedding_matrix("covariance", covariance)
    if matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-12):
        raise InvalidInputError(f"covariance must be a symmetric (d, d) matrix; got shape {matrix.shape}")
    excess = np.linalg.eigvalsh(matrix) - 1
    if excess.min() < -1 - 1e-10:
        raise InvalidInputError(f"covariance must have no negative eigenvalue; got {excess.min() + 1:.3g}")
    if r * excess.max() >= 1:
        return math.inf
    return float(-(np.log1p(-r * excess) + np.log1p(r * excess)).sum() / 2)


def best_correlation(second: float, other: float, cross: float, sigma: float) -> float:
    r"""The ρ in [−1, 1] that maximises E T_ρ, from second moments alone.

    .. math:: \mathbb E\,T_\rho/d = -\tfrac12\log(1-a\rho^2) + \frac{a(2\rho m - \rho^2 w)}{2(1-a\rho^2)}, \qquad
              a = \frac1{1+\sigma^2}, \quad w = v' + av + 1 - a

    A root of m − (w−1)ρ + a·m·ρ² − a·ρ³ or an end; it is m where v = v′ = 1, as with standardised batches. What is left of
    J_ρ, −log E κ, favours a smaller ρ where f(X) does not follow the prior and f(X′) has its law: the maximiser of J_ρ
    itself is then at most this.

    Args:
        second: v = E‖f(X)‖²/d ≥ 0.
        other: v′ = E‖f(X′)‖²/d ≥ 0.
        cross: m = E⟨f(X), f(X′)⟩/d, at most √(v·v′) in size.
        sigma: noise standard deviation, > 0.

    Returns: ρ.

    Raises: InvalidInputError: for moments that no law has or ``sigma`` not finite and positive.

    Source: claim dual-adaptive. Checked by theory_checks/test_dual_adaptive.py.

    >>> round(best_correlation(1.0, 1.0, 0.8, 0.1), 9)
    0.8
    """
    variance = positive("sigma", sigma) ** 2
    if not (second >= 0 and other >= 0 and cross * cross <= second * other * (1 + 1e-9) < math.inf):
        raise InvalidInputError(
            f"moments must satisfy v >= 0, v' >= 0 and m^2 <= v*v'; got v={second!r}, v'={other!r} and m={cross!r}"
        )
    a = 1 / (1 + variance)
    w = other + a * second + 1 - a
    roots = np.roots([-a, a * cross, 1 - w, cross])
    inside = [float(root.real) for root in roots if abs(root.imag) < 1e-6 and abs(root.real) <= 1]

    def mean_critic(rho: float) -> float:
        lost = variance + (1 - rho) * (1 + rho)
        return (math.log1p(variance) - math.log(lost)) / 2 + (2 * rho * cross - rho * rho * w) / (2 * lost)

    return max([*inside, -1.0, 1.0], key=mean_critic)
