r"""Kernels averaged over all slices: infinitely many random directions in closed form, and what each order weighs.

A slice of an embedding is ⟨u, z⟩ for u uniform on the unit sphere. A discrepancy that is a kernel's on the line, averaged
over all slices, is a kernel's in the space, E_u k(⟨u, a⟩, ⟨u, b⟩): sliced kernels are known (Nadjahi et al., 2020; Hertrich
et al., 2024; Hertrich, 2024, who goes the other way, from a kernel in the space to the one on the line). Two of them:

- Epps and Pulley's statistic with the weight N(0, β²) on frequencies has the kernel exp(−β²(x−y)²/2). As ⟨u, v⟩² is
  ‖v‖² times a Beta(½, (d−1)/2) variable, its sliced form is Kummer's function ₁F₁(½; d/2; −β²‖a−b‖²/2): SIGReg
  (Balestriero & LeCun, 2025) without random slices.
- Mehler's kernel on the line, E_u κ_r(⟨u, a⟩, ⟨u, b⟩) = (1−r²)^(−½) Φ₂(½, ½; d/2; λ₁, λ₂), Humbert's function of the two
  eigenvalues of the exponent.

Slicing keeps the order n of a Hermite moment and weighs its parts: the moments of order n are a symmetric tensor, which
splits into traceless tensors of order n, n−2, …, and the part with k free indices is multiplied by :func:`slice_weights`.
The traceless part of order n, the largest for d > 2, gets n!/(d(d+2)…(d+2n−2)) ~ n!/d^n: what slices do not see in high
dimension.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from noisedim.checks import embedding_matrix, positive, positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import pairwise

__all__ = [
    "epps_pulley_weight",
    "slice_weights",
    "sliced_epps_pulley",
    "sliced_gaussian_kernel",
    "sliced_mehler_kernel",
]

# The integrals over a slice's angle bend over lengths of about (d + s)^(−½) for an exponent of size s: nodes per such
# length, and a largest number, which is reached where only points that weigh nothing are so far apart.
_NODES_PER_LENGTH = 4.0
_FEWEST_NODES, _MOST_NODES = 32, 1024
# On a device nothing is read back to choose the number: enough for exponents to 100 and dimensions to 128.
_DEVICE_NODES = 96


@lru_cache(maxsize=64)
def _angles(sine_power: float, cosine_power: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """sin² of Gauss–Legendre nodes on [0, π/2], and logs of weights for the density ∝ sin^p·cos^q, which add up to 1."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    angles = (places + 1) * (math.pi / 4)
    logs = np.log(weights) + sine_power * np.log(np.sin(angles)) + cosine_power * np.log(np.cos(angles))
    top = logs.max()
    return np.sin(angles) ** 2, logs - (top + math.log(np.exp(logs - top).sum()))


def _node_count(dim: int, size: torch.Tensor) -> int:
    if size.device.type != "cpu":
        return _DEVICE_NODES
    largest = float(size.detach().max()) if size.numel() else 0.0
    if not math.isfinite(largest):
        largest = 0.0  # NaN comes out as NaN whatever the number
    return min(_MOST_NODES, _FEWEST_NODES + math.ceil(_NODES_PER_LENGTH * math.sqrt(dim + 2 * largest)))


class _SlicedExponential(torch.autograd.Function):
    """₁F₁(½; d/2; −s) for s >= 0 by a sum over a slice's angle; its derivative is summed beside it and kept."""

    @staticmethod
    def forward(context: Any, s: torch.Tensor, dim: int) -> torch.Tensor:
        value, slope = torch.zeros_like(s), torch.zeros_like(s)
        # ⟨u, v⟩² = ‖v‖² sin²θ, and θ has the density ∝ cos^(d−2).
        for share, log_weight in zip(*_angles(0.0, dim - 2.0, _node_count(dim, s)), strict=True):
            part = torch.exp(log_weight - share * s)
            value += part
            slope -= share * part
        context.save_for_backward(slope)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (slope,) = context.saved_tensors
        return gradient * slope, None


def _kummer(s: torch.Tensor, dim: int) -> torch.Tensor:
    return torch.exp(-s) if dim == 1 else _SlicedExponential.apply(s, dim)


def sliced_gaussian_kernel(a: Any, b: Any, beta: float) -> Any:
    r"""The Gaussian kernel on the line averaged over all slices, between all pairs.

    .. math:: \mathbb E_u e^{-\beta^2\langle u, a-b\rangle^2/2}
              = {}_1F_1\bigl(\tfrac12; \tfrac d2; -\tfrac{\beta^2\|a-b\|^2}2\bigr)

    Args:
        a: points, shape (n, d).
        b: points, shape (m, d).
        beta: inverse bandwidth on the line, > 0: the scale of Epps and Pulley's frequencies.

    Returns: (n, m) matrix in (0, 1]; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or ``beta`` not finite and positive.

    Source: claim sliced-epps-pulley; Hertrich (2024) for sliced kernels. Checked by
        theory_checks/test_sliced_kernels.py.

    >>> sliced_gaussian_kernel([[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], 1.0).round(6)  # √(π/2)·erf(√½)
    array([[0.855624]])
    """
    beta = positive("beta", beta)

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * a @ b.T
        return _kummer(squares.clamp(min=0) * (beta * beta / 2), a.shape[1])

    return pairwise(formula, ("a", "b"), a, b)


def sliced_epps_pulley(z: Any, beta: float = 1.0) -> Any:
    r"""Epps and Pulley's distance of a sample from N(0, I), averaged over all slices: ≥ 0, and 0 in the limit at N(0, I).

    .. math:: \mathbb E_u\int\bigl|\hat\varphi_{\langle u,z\rangle}(t) - e^{-t^2/2}\bigr|^2 \frac{e^{-t^2/(2\beta^2)}}
              {\beta\sqrt{2\pi}}dt = \frac1{n^2}\sum_{ij}F\Bigl(\tfrac{\beta^2\|z_i-z_j\|^2}2\Bigr)
              - \frac2{n\sqrt{1+\beta^2}}\sum_i F\Bigl(\tfrac{\beta^2\|z_i\|^2}{2(1+\beta^2)}\Bigr)
              + \frac1{\sqrt{1+2\beta^2}}

    with F(s) = ₁F₁(½; d/2; −s): pairs, the sample with the prior, and the prior with itself. The squared MMD of the sample
    (i = j included) in :func:`sliced_gaussian_kernel`. SIGReg at n samples and β = 1 is n·√(2π) times this, but for its
    random slices and its rule on [−5, 5].

    Args:
        z: sample, shape (n, d).
        beta: scale of the frequencies, > 0.

    Returns: a squared distance, a 0-d tensor that gradients pass through for tensors, else a float.

    Raises: InvalidInputError: for a shape other than (n, d), n ≥ 1, or ``beta`` not finite and positive.

    Source: claim sliced-epps-pulley; Epps & Pulley (1983), Balestriero & LeCun (2025). Checked by
        theory_checks/test_sliced_kernels.py.

    >>> round(sliced_epps_pulley([[0.0]]), 6)  # 1 − √2 + √⅓
    0.163137
    """
    beta = positive("beta", beta)
    sample = z if isinstance(z, torch.Tensor) else torch.from_numpy(embedding_matrix("z", z))
    if sample.ndim != 2 or not sample.is_floating_point() or 0 in sample.shape:
        raise InvalidInputError(f"z must have shape (n, d) with n, d >= 1; got {tuple(sample.shape)}")
    pairs = sliced_gaussian_kernel(sample, sample, beta).mean()
    norms = sample.square().sum(1) * (beta * beta / (2 * (1 + beta * beta)))
    cross = _kummer(norms, sample.shape[1]).mean() / math.sqrt(1 + beta * beta)
    value = pairs - 2 * cross + 1 / math.sqrt(1 + 2 * beta * beta)
    return value if isinstance(z, torch.Tensor) else float(value)


def sliced_mehler_kernel(a: Any, b: Any, correlation: float) -> Any:
    r"""log of Mehler's kernel on the line averaged over all slices, between all pairs.

    .. math:: \log\mathbb E_u\,\kappa_r(\langle u,a\rangle,\langle u,b\rangle)
              = -\tfrac12\log(1-r^2) + \log\Phi_2\bigl(\tfrac12,\tfrac12;\tfrac d2;\lambda_1,\lambda_2\bigr)

    with Humbert's Φ₂ = Σ (½)_i(½)_j λ₁^i λ₂^j / ((d/2)_{i+j} i! j!), evaluated as E exp(t(λ₁+λ₂)/2)·I₀(t(λ₁−λ₂)/2) over
    t ~ Beta(1, d/2−1), and λ₁ ≥ 0 ≥ λ₂ the eigenvalues of the exponent's quadratic form in u on the plane of a and b.
    N(0, I) has mean 1 against every point, so the mean over a sample's pairs, less 1, is its squared distance from N(0, I),
    E over slices of the χ²-divergence of the sliced law with noise.

    Args:
        a: points, shape (n, d).
        b: points, shape (m, d).
        correlation: r in (0, 1): 1/(1+σ²) for noise σ on the line.

    Returns: (n, m) matrix of logs; torch tensors keep their floating dtype, all else is float64.

    Raises: InvalidInputError: for shapes that do not match or ``correlation`` off (0, 1).

    Source: claim sliced-mehler. Checked by theory_checks/test_sliced_kernels.py.

    >>> sliced_mehler_kernel([[0.0, 0.0]], [[3.0, 4.0]], 0.5).round(4)
    array([[-1.0568]])
    """
    r = unit_interval("correlation", correlation)
    if not 0 < r < 1:
        raise InvalidInputError(f"correlation must lie in (0, 1); got {correlation!r}")

    def formula(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        dim = a.shape[1]
        inner, first, second = a @ b.T, (a * a).sum(1)[:, None], (b * b).sum(1)[None, :]
        scale = 1 / (2 * (1 - r * r))
        # The trace and the determinant of [r(ab' + ba') − r²(aa' + bb')]·scale on the plane of a and b.
        trace = (2 * r * inner - r * r * (first + second)) * scale
        if dim == 1:
            return trace - math.log1p(-r * r) / 2
        determinant = (r**4 - r * r) * scale**2 * (first * second - inner * inner).clamp(min=0)
        half = (trace * trace / 4 - determinant).clamp(min=1e-30).sqrt()  # (λ₁ − λ₂)/2
        if dim == 2:
            shares, log_weights = np.ones(1), np.zeros(1)
        else:
            shares, log_weights = _angles(1.0, dim - 3.0, _node_count(dim, half + trace.abs() / 2))
        parts = [
            log_weight + share * (trace / 2 + half) + torch.special.i0e(share * half).log()
            for share, log_weight in zip(shares, log_weights, strict=True)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = torch.logaddexp(total, part)
        return total - math.log1p(-r * r) / 2

    return pairwise(formula, ("a", "b"), a, b)


def slice_weights(dim: int, order: int) -> dict[int, float]:
    r"""What averaging over slices multiplies each part of the Hermite moments of one order by, from k free indices to weight.

    .. math:: c_{n,k} = \frac{n!}{2^k (n-k)!}\,\frac{\Gamma(\frac d2)\,\Gamma(\frac{n-k+1}2)}
              {\sqrt\pi\,\Gamma(\frac{n+k+d}2)},
              \qquad c_{n,n} = \frac{n!}{d(d+2)\cdots(d+2n-2)}

    The orthonormal Hermite moments of order n, m_α = E h_α(f), are a symmetric tensor S with ⟨S, u⊗…⊗u⟩ = E h_n(⟨u, f⟩)
    and ‖S‖² = Σ m_α², a sum of parts S_k, k = n, n−2, …: a traceless tensor of order k times (n−k)/2 Kronecker deltas,
    made symmetric. Then E_u (E h_n(⟨u, f⟩))² = Σ_k c_{n,k}‖S_k‖², where Mehler's kernel in the space has all weights 1.

    Args:
        dim: d ≥ 1. In one dimension there are no traceless tensors beyond order 1, and their weights mean nothing.
        order: n ≥ 0.

    Returns: {k: c_{n,k}} for k = n, n−2, … ≥ 0, each in (0, 1].

    Raises: InvalidInputError: for arguments out of range.

    Source: the formula of Funk and Hecke; claim sliced-moments. Checked by theory_checks/test_sliced_kernels.py.

    >>> {k: round(weight, 4) for k, weight in slice_weights(8, 4).items()}  # 24/(8·10·12·14), …
    {4: 0.0018, 2: 0.0125, 0: 0.0375}
    """
    dim, order = positive_integer("dim", dim), positive_integer("order", order, minimum=0)
    return {
        k: math.exp(
            math.lgamma(order + 1)
            - k * math.log(2)
            - math.lgamma(order - k + 1)
            + math.lgamma(dim / 2)
            + math.lgamma((order - k + 1) / 2)
            - math.log(math.pi) / 2
            - math.lgamma((order + k + dim) / 2)
        )
        for k in range(order, -1, -2)
    }


def epps_pulley_weight(order: int, beta: float = 1.0) -> float:
    r"""What Epps and Pulley's distance from N(0, 1) multiplies (E h_n)² by, for the lowest order n that departs.

    .. math:: w_n = \frac{(2n-1)!!}{n!}\,\frac{s^n}{\sqrt{1+2\beta^2}}, \quad s = \frac{\beta^2}{1+2\beta^2};
              \qquad w_n \sim \frac{(2s)^n}{\sqrt{\pi n (1+2\beta^2)}}

    φ(t) − e^(−t²/2) = e^(−t²/2) Σ_n (it)^n E h_n/√n!, so the distance is a quadratic form in the moments, with this
    diagonal; orders of the same parity also meet off it, while Mehler's kernel weighs them r^n and apart. At β = 1 each
    order counts about ⅔ of the one before: as r = ⅔, noise of σ = 0.71.

    Args:
        order: n ≥ 1.
        beta: scale of the frequencies, > 0.

    Returns: the weight, > 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: claim sliced-moments. Checked by theory_checks/test_sliced_kernels.py.

    >>> round(epps_pulley_weight(1), 6)  # ⅓·√⅓
    0.19245
    """
    order, square = positive_integer("order", order), positive("beta", beta) ** 2
    log_factorials = math.lgamma(2 * order + 1) - order * math.log(2) - 2 * math.lgamma(order + 1)
    return math.exp(log_factorials + order * (math.log(square) - math.log1p(2 * square)) - math.log1p(2 * square) / 2)
