r"""What one batch says of the dual: a bound at every batch size, an unbiased estimate, and how many rows it takes.

Every dual of this package has the same shape. A critic T(x, y) is averaged over the noise in closed form: over a pair's
own noise it gives the *positives* t_i = E_Z T(f(X_i′), f(X_i)+Z), over an independent pair's the log of a *kernel*,
log κ_ij = log E_Z exp T(f(X_j′), f(X_i)+Z). From these two, whatever the channel:

- rows:   J_B = mean t_i − mean_i log[(1/B) Σ_j κ_ij], j = i included
- linear: mean t_i − (mean over i ≠ j of κ_ij) + 1
- pairs:  mean t_i − log of the mean over i ≠ j of κ_ij

Rows: InfoNCE of the batch with critic T is mean_i {T_ii − log[(1/B) Σ_j exp T_ij]}. It is at most log B in every batch
and at most I(f(X′); f(X)+Z) in the mean, and E_Z log S ≤ log E_Z S, so J_B ≤ E_Z InfoNCE ≤ log B in every batch and
E J_B ≤ min(I, log B). Pairs is the plug-in of Theorem 4.1's bound: neither a bound nor unbiased at any batch size. Linear
is unbiased, in value and gradient, for a bound that lies below Theorem 4.1's, as log u ≤ u − 1.
"""

import math
from typing import Any

import torch

from noisedim.checks import positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import elementwise, in_double

__all__ = [
    "least_batch",
    "linear_bound",
    "log_mean_bias",
    "pairs_estimate",
    "prior_bias",
    "row_bound",
    "visible_capacity",
]


def _batch(positives: torch.Tensor, log_kernel: torch.Tensor, minimum_rows: int) -> int:
    rows = len(positives) if positives.ndim == 1 else 0
    if log_kernel.shape != (rows, rows) or rows < minimum_rows:
        raise InvalidInputError(
            f"positives must have shape (n,) and log_kernel (n, n) with n >= {minimum_rows}; "
            f"got {tuple(positives.shape)} and {tuple(log_kernel.shape)}"
        )
    return rows


def _answer(formula: Any, positives: Any, log_kernel: Any) -> Any:
    """A number of a batch: 0-d in the dtype of the tensors, or a float."""
    if isinstance(positives, torch.Tensor) and isinstance(log_kernel, torch.Tensor):
        return formula(positives, log_kernel)
    numbers = (in_double(value) for value in (positives, log_kernel))
    return float(formula(*numbers))


def row_bound(positives: Any, log_kernel: Any) -> Any:
    r"""The row-wise dual J_B of a batch, nats: at most log B always, and at most the information in the mean.

    .. math:: J_B = \frac1B\sum_i t_i - \frac1B\sum_i \log\Bigl(\frac1B\sum_j \kappa_{ij}\Bigr)

    The kernel must be the positives' own: see the module's first lines. As B → ∞, J ≤ J_row ≤ I with J Theorem 4.1's
    bound; J_row is finite for every law with a second moment, J is −∞ where E κ = ∞. What Jensen's inequality costs has a
    ceiling of its own: of points far apart compared with Gaussian noise, ½(1 − log 2) = 0.153 nats a coordinate
    (:func:`noisedim.theory.dual_adaptive.tilted_row_bound` gives back most of it).

    Args:
        positives: t_i, the critic of pair i averaged over its own noise, shape (n,).
        log_kernel: log κ_ij of row i of f(X) and row j of f(X′), shape (n, n); −inf where κ = 0.

    Returns: nats; a 0-d tensor that gradients pass through for tensors, else a float.

    Raises: InvalidInputError: for shapes that do not match.

    Source: by Jensen's inequality from InfoNCE (van den Oord et al., 2018; Poole et al., 2019); claim dual-rows. Checked by
        theory_checks/test_dual_rows.py.

    >>> import numpy as np
    >>> from noisedim.theory.dual import gaussian_dual_kernel
    >>> from noisedim.theory.dual_adaptive import gaussian_positives
    >>> z = np.array([[-1.0], [1.0]])  # two points, hardly any noise: I is log 2, the bound ½(1 − log 2) a coordinate less
    >>> round(row_bound(gaussian_positives(z, z, 1e-3), gaussian_dual_kernel(z, z, 1e-3)), 4)
    0.5397
    """

    def formula(positives: torch.Tensor, log_kernel: torch.Tensor) -> torch.Tensor:
        rows = _batch(positives, log_kernel, 1)
        return positives.mean() - torch.logsumexp(log_kernel, 1).mean() + math.log(rows)

    return _answer(formula, positives, log_kernel)


def _off_diagonal(log_kernel: torch.Tensor) -> torch.Tensor:
    return log_kernel.masked_fill(torch.eye(len(log_kernel), dtype=torch.bool, device=log_kernel.device), -math.inf)


def linear_bound(positives: Any, log_kernel: Any) -> Any:
    r"""The linear dual of a batch, nats: an unbiased estimate, with unbiased gradients, of a lower bound on I.

    .. math:: J_{lin} = \frac1B\sum_i t_i - \frac1{B(B-1)}\sum_{i\ne j}\kappa_{ij} + 1, \qquad
              \mathbb E J_{lin} \le J \le I

    Of one batch it is an estimate and may lie above I; its variance is that of the mean of κ.

    Args:
        positives: t_i, shape (n,), n ≥ 2.
        log_kernel: log κ_ij, shape (n, n).

    Returns: nats; a 0-d tensor that gradients pass through for tensors, else a float.

    Raises: InvalidInputError: for shapes that do not match or fewer than 2 rows.

    Source: the bound of Nguyen, Wainwright & Jordan (2010) with T − 1 for T; claim dual-linear. Checked by
        theory_checks/test_dual_rows.py.

    >>> linear_bound([1.0, 2.0], [[5.0, 0.0], [0.0, 5.0]])  # κ = 1 off the diagonal, which does not count
    1.5
    """

    def formula(positives: torch.Tensor, log_kernel: torch.Tensor) -> torch.Tensor:
        rows = _batch(positives, log_kernel, 2)
        return positives.mean() - _off_diagonal(log_kernel).exp().sum() / (rows * (rows - 1)) + 1

    return _answer(formula, positives, log_kernel)


def pairs_estimate(positives: Any, log_kernel: Any) -> Any:
    r"""The plug-in estimate of Theorem 4.1's bound from a batch, nats. It is no bound, at any batch size.

    .. math:: \hat J = \frac1B\sum_i t_i - \log\Bigl(\frac1{B(B-1)}\sum_{i\ne j}\kappa_{ij}\Bigr)

    Its error is that of the log of a heavy-tailed mean, :func:`log_mean_bias`; at d = 2, a capacity of 14 nats and 64 rows
    of the prior its mean is above 400 nats.

    Args:
        positives: t_i, shape (n,), n ≥ 2.
        log_kernel: log κ_ij, shape (n, n).

    Returns: nats; ``inf`` where no two rows have κ > 0; a 0-d tensor for tensors, else a float.

    Raises: InvalidInputError: for shapes that do not match or fewer than 2 rows.

    Source: arXiv 2410.06993, Theorem 4.1, estimated. Checked by theory_checks/test_dual_rows.py.

    >>> pairs_estimate([1.0, 2.0], [[5.0, 0.0], [0.0, 5.0]])
    1.5
    """

    def formula(positives: torch.Tensor, log_kernel: torch.Tensor) -> torch.Tensor:
        rows = _batch(positives, log_kernel, 2)
        return positives.mean() - torch.logsumexp(_off_diagonal(log_kernel).flatten(), 0) + math.log(rows * (rows - 1))

    return _answer(formula, positives, log_kernel)


def log_mean_bias(mean: Any, first: Any, second: Any, batch: Any) -> Any:
    r"""What the log of the mean of κ over pairs of one batch misses in expectation, nats, to second order.

    .. math:: \mathbb E\log\bar U - \log\mu \approx -\frac{2(B-2)\zeta_1 + \zeta_2}{B(B-1)\mu^2}

    The variance of a U-statistic of order two (Hoeffding, 1948), over −2μ²: what Theorem 4.1's estimate gains, as it
    enters with a minus. Second order is enough where the standard deviation of Ū/μ is well below 1, which heavy tails
    (small noise) rule out long before: see :func:`least_batch`.

    Args:
        mean: μ = E κ(X₁, X₂), > 0.
        first: ζ₁ = Var E[κ(X₁, X₂) | X₁] ≥ 0, of the kernel made symmetric in the two images.
        second: ζ₂ = Var κ(X₁, X₂) ≥ 0.
        batch: B ≥ 2 rows.

    Returns: nats, ≤ 0, in the broadcast shape of the arguments.

    Raises: InvalidInputError: for arguments out of range.

    Source: Hoeffding (1948) and a Taylor series; claim dual-batch-bias. Checked by theory_checks/test_dual_bias.py.

    >>> round(log_mean_bias(1.0, 0.0, 3.0, 4), 6)
    -0.25
    """

    def formula(mean: torch.Tensor, first: torch.Tensor, second: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        if not bool((mean > 0).all()):
            raise InvalidInputError(f"mean must be > 0; got {mean.tolist()!r}")
        if not bool(((first >= 0) & (second >= 0)).all()):
            raise InvalidInputError(f"variances must be >= 0; got {first.tolist()!r} and {second.tolist()!r}")
        if not bool(((batch >= 2) & (batch == batch.round())).all()):
            raise InvalidInputError(f"batch must be a whole number >= 2; got {batch.tolist()!r}")
        return -(2 * (batch - 2) * first + second) / (batch * (batch - 1) * mean * mean)

    return elementwise(formula, mean=mean, first=first, second=second, batch=batch)


def _relative_variance(dim: int, sigma: float) -> float:
    """E κ² − 1 for two independent draws of N(0, I): (1−r²)^(−d) − 1, r = 1/(1+σ²); inf on overflow."""
    s = sigma * sigma
    log = dim * (2 * math.log1p(s) - math.log(s) - math.log(2 + s)) if s < 1 else -dim * math.log1p(-((1 + s) ** -2))
    return math.expm1(log) if log < 700 else math.inf


def prior_bias(dim: int, sigma: float, batch: int) -> float:
    r"""The bias of the log of the mean of κ over pairs of B rows of N(0, I), nats, to second order.

    .. math:: \mathbb E\log\bar U \approx -\frac{(1-r^2)^{-d} - 1}{B(B-1)}, \qquad r = \frac1{1+\sigma^2}

    At the prior E[κ | X₁] is constant and E κ = 1: :func:`log_mean_bias` with ζ₁ = 0 and ζ₂ = (1−r²)^(−d) − 1.

    Args:
        dim: embedding dimension d ≥ 1.
        sigma: noise standard deviation, > 0.
        batch: B ≥ 2 rows.

    Returns: nats, ≤ 0; −inf where it overflows. Beyond about −½ the expansion says only that the batch sees nothing.

    Raises: InvalidInputError: for arguments out of range.

    Source: Mehler's series, Σ_n r^(2|n|), and :func:`log_mean_bias`; claim dual-batch-bias. Checked by
        theory_checks/test_dual_bias.py.

    >>> round(prior_bias(2, 1.0, 64), 7)
    -0.0001929
    """
    dim, sigma = positive_integer("dim", dim), positive("sigma", sigma)
    batch = positive_integer("batch", batch, minimum=2)
    return -_relative_variance(dim, sigma) / (batch * (batch - 1))


def least_batch(dim: int, sigma: float) -> float:
    r"""The number of rows from which on a batch sees the dual at this noise: below it the mean of κ is mostly its tail.

    .. math:: B = \sqrt{2(1-r^2)^{-d}}, \qquad r = \frac1{1+\sigma^2}

    Where the bias of :func:`prior_bias` is about half a nat and the mean of κ over the pairs, which is 1 at the prior, has
    a standard deviation of about 1. A rule of thumb by second moments: it says where the estimate has lost its meaning,
    not where it is good, which takes several times as many rows.

    Args:
        dim: embedding dimension d ≥ 1.
        sigma: noise standard deviation, > 0.

    Returns: rows, not rounded; inf where it overflows.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-batch-bias. Checked by theory_checks/test_dual_bias.py.

    >>> round(least_batch(8, 0.3))
    2251
    """
    return math.sqrt(2 * (1 + _relative_variance(positive_integer("dim", dim), positive("sigma", sigma))))


def visible_capacity(dim: int, batch: int) -> float:
    r"""The largest capacity, nats, that the dual of B rows can see: do not anneal the noise past it.

    .. math:: C = -\frac d2\log(1-r), \quad r = \sqrt{1 - (2/B^2)^{1/d}}; \qquad
              C \le \log B + \tfrac d2\log 2 - \tfrac12\log 2

    The capacity at whose noise :func:`least_batch` is B. The right side, log B + (d/2)·log 2 − 0.35, is its limit as the
    noise vanishes, and close from r ≈ ½ on. (InfoNCE and the row-wise dual are capped at log B whatever the noise.)

    Args:
        dim: embedding dimension d ≥ 1.
        batch: B ≥ 2 rows.

    Returns: nats.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim dual-batch-bias. Checked by theory_checks/test_dual_bias.py.

    >>> round(visible_capacity(2, 256), 3), round(math.log(256) + math.log(2) - 0.3466, 3)
    (5.89, 5.892)
    """
    dim, batch = positive_integer("dim", dim), positive_integer("batch", batch, minimum=2)
    unexplained = math.exp((math.log(2) - 2 * math.log(batch)) / dim)  # 1 − r²
    r = math.sqrt(1 - unexplained)
    return -dim / 2 * (math.log(unexplained) - math.log1p(r))
