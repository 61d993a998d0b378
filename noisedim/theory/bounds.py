r"""The paper's bounds and the dual's closed forms, one function a theorem, in the paper's order.

All quantities are in nats. ``dim`` is the embedding dimension d, ``sigma`` the standard deviation of Gaussian noise in
units of the embedding's standard deviation, ``epsilon`` the half-width of uniform noise on an embedding in [0, 1]^d.
Scalars give a ``float``, NumPy arrays a float64 array, torch tensors a float64 tensor that gradients pass through; all
arguments broadcast. Where the printed paper is wrong the corrected form is here, and the docstring says so.
"""

import math
from typing import Any

import torch

from noisedim.errors import InvalidInputError
from noisedim.theory._arrays import elementwise
from noisedim.theory.dual import gaussian_dual_critic, gaussian_dual_kernel, uniform_dual_kernel

__all__ = [
    "correlated_gaussian_information",
    "epsilon_for_capacity",
    "gaussian_capacity",
    "gaussian_dual_critic",
    "gaussian_dual_kernel",
    "gaussian_kl_upper_bound",
    "gaussian_noisy_kl_upper_bound",
    "reconstruction_information_lower_bound",
    "sigma_for_capacity",
    "uniform_capacity",
    "uniform_dual_kernel",
    "uniform_information",
    "uniform_kl_upper_bound",
    "uniform_noisy_kl_upper_bound",
]


def _require(condition: torch.Tensor, name: str, expected: str, value: torch.Tensor) -> None:
    if not bool(condition.all()):
        offender = value[~condition].flatten()[0].item() if value.ndim else value.item()
        raise InvalidInputError(f"{name} must be {expected}; got {offender!r}")


def _check_dim(dim: torch.Tensor) -> None:
    # Once a training step: of one number Python knows it sooner.
    if dim.ndim or not (dim.item() >= 1 and dim.item() % 1 == 0):
        _require((dim >= 1) & (dim == dim.round()) & torch.isfinite(dim), "dim", "a whole number >= 1", dim)


def _check_level(name: str, level: torch.Tensor) -> None:
    if level.ndim or not 0 < level.item() < math.inf:
        _require((level > 0) & torch.isfinite(level), name, "finite and > 0", level)


def _check_capacity(capacity: torch.Tensor) -> None:
    _require((capacity > 0) & torch.isfinite(capacity), "capacity", "finite and > 0 (nats)", capacity)


def _check_number(name: str, value: torch.Tensor) -> None:
    _require(~torch.isnan(value), name, "a number, not NaN", value)


def _softplus(value: torch.Tensor) -> torch.Tensor:
    """log(1 + e^v) without overflow, without losing small e^v, and smooth at v = 0, where gradients pass, too."""
    return torch.logaddexp(value, torch.zeros_like(value))


def gaussian_capacity(dim: Any, sigma: Any) -> Any:
    r"""Largest information, in nats, that a unit-variance embedding sends through Gaussian noise.

    .. math:: C = \tfrac d2 \log(1 + 1/\sigma^2)

    Args:
        dim: embedding dimension d, a whole number >= 1.
        sigma: noise standard deviation, > 0, in units of the embedding's standard deviation.

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: if ``sigma`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: arXiv 2410.06993, Theorem 3.4, eq. (5). Checked by theory_checks/test_theorem_3_4.py.

    >>> round(gaussian_capacity(2, 0.1), 4)
    4.6151
    """

    def formula(dim: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_level("sigma", sigma)
        return dim / 2 * _softplus(-2 * torch.log(sigma))

    return elementwise(formula, dim=dim, sigma=sigma)


def uniform_capacity(dim: Any, epsilon: Any) -> Any:
    r"""Upper bound, in nats, on the information that an embedding in [0, 1]^d sends through uniform noise.

    .. math:: C = d \log(1 + 1/(2\varepsilon))

    It is attained only if 1/(2ε) is a whole number (the paper prints 1/ε), and then by a discrete law.

    Args:
        dim: embedding dimension d, a whole number >= 1.
        epsilon: half-width of the noise, > 0; each coordinate of Z is uniform on [−ε, ε].

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: if ``epsilon`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: arXiv 2410.06993, Theorem 3.5, eq. (6). Checked by theory_checks/test_theorem_3_5.py.

    >>> round(uniform_capacity(2, 0.05), 4)
    4.7958
    """

    def formula(dim: torch.Tensor, epsilon: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_level("epsilon", epsilon)
        return dim * _softplus(-torch.log(2 * epsilon))

    return elementwise(formula, dim=dim, epsilon=epsilon)


def sigma_for_capacity(dim: Any, capacity: Any) -> Any:
    r"""The noise standard deviation at which the Gaussian capacity is ``capacity`` nats.

    .. math:: \sigma = (e^{2C/d} - 1)^{-1/2}

    Args:
        dim: embedding dimension d, a whole number >= 1.
        capacity: C > 0, nats.

    Returns: σ in units of the embedding's standard deviation; the inverse of :func:`gaussian_capacity`.

    Raises: InvalidInputError: if ``capacity`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: arXiv 2410.06993, eq. (5) solved for σ. Checked by tests/theory/test_bounds.py.

    >>> round(sigma_for_capacity(2, 4.6151), 4)
    0.1
    """

    def formula(dim: torch.Tensor, capacity: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_capacity(capacity)
        # e^{-C/d} is taken out so that large C/d does not overflow and small C/d does not cancel.
        return torch.exp(-capacity / dim) / torch.sqrt(-torch.expm1(-2 * capacity / dim))

    return elementwise(formula, dim=dim, capacity=capacity)


def epsilon_for_capacity(dim: Any, capacity: Any) -> Any:
    r"""The half-width of uniform noise at which the uniform capacity is ``capacity`` nats.

    .. math:: \varepsilon = \frac{1}{2(e^{C/d} - 1)}

    Args:
        dim: embedding dimension d, a whole number >= 1.
        capacity: C > 0, nats.

    Returns: ε for an embedding in [0, 1]^d; the inverse of :func:`uniform_capacity`.

    Raises: InvalidInputError: if ``capacity`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: arXiv 2410.06993, eq. (6) solved for ε. Checked by tests/theory/test_bounds.py.

    >>> round(epsilon_for_capacity(2, 4.7958), 4)
    0.05
    """

    def formula(dim: torch.Tensor, capacity: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_capacity(capacity)
        return torch.exp(-capacity / dim) / (-2 * torch.expm1(-capacity / dim))

    return elementwise(formula, dim=dim, capacity=capacity)


def uniform_information(dim: Any, epsilon: Any) -> Any:
    r"""I(U; U+Z), in nats, for U uniform on [0, 1]^d and Z uniform on [−ε, ε]^d.

    .. math:: I = d(\varepsilon - \log 2\varepsilon) \text{ for } \varepsilon \le \tfrac12, \qquad
              I = d/(4\varepsilon) \text{ for } \varepsilon \ge \tfrac12

    The paper's second form of Remark 3.6 subtracts log(1+2ε) − ε once instead of d times and calls it o(ε); it is Θ(ε).

    Args:
        dim: embedding dimension d, a whole number >= 1.
        epsilon: half-width of the noise, > 0.

    Returns: nats, in the broadcast shape of the arguments; below :func:`uniform_capacity`.

    Raises: InvalidInputError: if ``epsilon`` is not finite and positive, or ``dim`` is not a whole number >= 1.

    Source: arXiv 2410.06993, Remark 3.6, corrected. Checked by theory_checks/test_remark_3_6.py.

    >>> round(uniform_information(4, 0.1), 4)
    6.8378
    """

    def formula(dim: torch.Tensor, epsilon: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_level("epsilon", epsilon)
        return dim * torch.where(epsilon <= 0.5, epsilon - torch.log(2 * epsilon), 0.25 / epsilon)

    return elementwise(formula, dim=dim, epsilon=epsilon)


def correlated_gaussian_information(dim: Any, sigma: Any, correlation: Any) -> Any:
    r"""I(f(X′); f(X)+Z), in nats, for standard normal f(X), f(X′) with equal correlation in each coordinate.

    .. math:: I = -\tfrac d2 \log\Bigl(1 - \frac{\rho^2}{1+\sigma^2}\Bigr)

    Args:
        dim: embedding dimension d, a whole number >= 1.
        sigma: noise standard deviation, > 0.
        correlation: ρ in [−1, 1] between matching coordinates of f(X) and f(X′).

    Returns: nats, in the broadcast shape of the arguments; :func:`gaussian_capacity` at ρ = ±1.

    Raises: InvalidInputError: if ``sigma`` or ``correlation`` is out of range, or ``dim`` is not a whole number >= 1.

    Source: Cover & Thomas, Elements of Information Theory, Section 8.5. Checked by theory_checks/test_theorem_3_4.py.

    >>> round(correlated_gaussian_information(2, 0.1, 0.9), 4)
    1.6194
    """

    def formula(dim: torch.Tensor, sigma: torch.Tensor, correlation: torch.Tensor) -> torch.Tensor:
        _check_dim(dim)
        _check_level("sigma", sigma)
        _require(correlation.abs() <= 1, "correlation", "in [-1, 1]", correlation)
        variance = sigma * sigma
        explained = correlation * correlation / (1 + variance)
        # Two forms of one number: the first keeps small informations, the second those near the capacity. Each branch
        # gets an argument that keeps the other's gradient finite.
        near = explained > 0.5
        little = -torch.log1p(-torch.where(near, torch.zeros_like(explained), explained))
        lost = variance + (1 - correlation) * (1 + correlation)
        much = torch.log1p(variance) - torch.log(torch.where(near, lost, torch.ones_like(lost)))
        return dim / 2 * torch.where(near, much, little)

    return elementwise(formula, dim=dim, sigma=sigma, correlation=correlation)


def _shortfall(information: torch.Tensor, capacity: torch.Tensor) -> torch.Tensor:
    _check_number("information", information)
    return capacity - information


def gaussian_noisy_kl_upper_bound(information: Any, dim: Any, sigma: Any) -> Any:
    r"""Upper bound, in nats, on KL(f(X)+Z ‖ N(0, (1+σ²)I)).

    .. math:: \mathrm{KL} \le C - I(f(X');\, f(X)+Z)

    The slack is exactly I(f(X)+Z; f(X) | f(X′)): equality holds iff f is weakly invariant, whatever the law of f(X).
    (The paper also asks for f(X) ~ N(0, I), which is not needed.)

    Args:
        information: I(f(X′); f(X)+Z), nats, or a lower bound on it.
        dim: embedding dimension d, a whole number >= 1.
        sigma: noise standard deviation, > 0.

    Returns: nats, in the broadcast shape of the arguments; negative if ``information`` exceeds the capacity.

    Raises: InvalidInputError: for NaN information, non-positive ``sigma``, or ``dim`` not a whole number >= 1.

    Source: arXiv 2410.06993, Lemma B.1. Checked by theory_checks/test_lemma_b_1.py.

    >>> round(gaussian_noisy_kl_upper_bound(4.0, 2, 0.1), 4)
    0.6151
    """
    capacity = gaussian_capacity(dim, sigma)
    return elementwise(_shortfall, information=information, capacity=capacity)


def uniform_noisy_kl_upper_bound(information: Any, dim: Any, epsilon: Any) -> Any:
    r"""Upper bound, in nats, on KL(f(X)+Z ‖ U[−ε, 1+ε]^d).

    .. math:: \mathrm{KL} \le d\log(1 + 1/(2\varepsilon)) - I(f(X');\, f(X)+Z)

    The slack is exactly I(f(X)+Z; f(X) | f(X′)): equality holds iff f(X) is a function of f(X′), whatever the law of f(X) on
    [0, 1]^d; with P(X = X′ | X) > 0 that is weak invariance.

    Args:
        information: I(f(X′); f(X)+Z), nats, or a lower bound on it.
        dim: embedding dimension d, a whole number >= 1.
        epsilon: half-width of the noise, > 0.

    Returns: nats, in the broadcast shape of the arguments; negative if ``information`` exceeds the capacity.

    Raises: InvalidInputError: for NaN information, non-positive ``epsilon``, or ``dim`` not a whole number >= 1.

    Source: arXiv 2410.06993, Lemma B.4. Checked by theory_checks/test_lemma_b_4.py.

    >>> round(uniform_noisy_kl_upper_bound(4.0, 2, 0.05), 4)
    0.7958
    """
    capacity = uniform_capacity(dim, epsilon)
    return elementwise(_shortfall, information=information, capacity=capacity)


def gaussian_kl_upper_bound(noise_information: Any, information: Any, dim: Any, sigma: Any) -> Any:
    r"""Upper bound, in nats, on KL(f(X) ‖ N(0, I)): the embedding itself, without noise.

    .. math:: \mathrm{KL} \le I(Z;\, f(X)+Z) - I(f(X');\, f(X)+Z) - d\log\sigma

    Args:
        noise_information: I(Z; f(X)+Z), nats, or an upper bound on it.
        information: I(f(X′); f(X)+Z), nats, or a lower bound on it.
        dim: embedding dimension d, a whole number >= 1.
        sigma: noise standard deviation, > 0.

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: for NaN informations, non-positive ``sigma``, or ``dim`` not a whole number >= 1.

    Source: arXiv 2410.06993, Theorem 3.4 and Corollary B.3. Checked by theory_checks/test_theorem_3_4.py.

    >>> round(gaussian_kl_upper_bound(0.01, 4.0, 2, 0.1), 4)
    0.6152
    """

    def formula(
        noise_information: torch.Tensor, information: torch.Tensor, dim: torch.Tensor, sigma: torch.Tensor
    ) -> torch.Tensor:
        _check_number("noise_information", noise_information)
        _check_number("information", information)
        _check_dim(dim)
        _check_level("sigma", sigma)
        return noise_information - information - dim * torch.log(sigma)

    return elementwise(formula, noise_information=noise_information, information=information, dim=dim, sigma=sigma)


def uniform_kl_upper_bound(noise_information: Any, information: Any, dim: Any, epsilon: Any) -> Any:
    r"""Upper bound, in nats, on KL(f(X) ‖ U[0, 1]^d): the embedding itself, without noise.

    .. math:: \mathrm{KL} \le I(Z;\, f(X)+Z) - I(f(X');\, f(X)+Z) - d\log 2\varepsilon

    Args:
        noise_information: I(Z; f(X)+Z), nats, or an upper bound on it.
        information: I(f(X′); f(X)+Z), nats, or a lower bound on it.
        dim: embedding dimension d, a whole number >= 1.
        epsilon: half-width of the noise, > 0.

    Returns: nats, in the broadcast shape of the arguments.

    Raises: InvalidInputError: for NaN informations, non-positive ``epsilon``, or ``dim`` not a whole number >= 1.

    Source: arXiv 2410.06993, Theorem 3.5 and Corollary B.6. Checked by theory_checks/test_theorem_3_5.py.

    >>> round(uniform_kl_upper_bound(0.1, 4.0, 2, 0.05), 4)
    0.7052
    """

    def formula(
        noise_information: torch.Tensor, information: torch.Tensor, dim: torch.Tensor, epsilon: torch.Tensor
    ) -> torch.Tensor:
        _check_number("noise_information", noise_information)
        _check_number("information", information)
        _check_dim(dim)
        _check_level("epsilon", epsilon)
        return noise_information - information - dim * torch.log(2 * epsilon)

    return elementwise(formula, noise_information=noise_information, information=information, dim=dim, epsilon=epsilon)


def reconstruction_information_lower_bound(entropy: Any, mean_squared_error: Any, dim: Any) -> Any:
    r"""Lower bound, in nats, on I(X; Y) from how well X is reconstructed from Y.

    .. math:: I(X;Y) \ge h(X) - \tfrac d2 \log\Bigl(2\pi e\, \mathbb E\|X-\hat X(Y)\|^2 / d\Bigr)

    The paper prints ½ log E‖X−X̂‖² for the last term, which is not a bound when d > 1.

    Args:
        entropy: differential entropy h(X) of the data, nats.
        mean_squared_error: E‖X − X̂(Y)‖², summed over the d coordinates, >= 0.
        dim: dimension d of X, a whole number >= 1.

    Returns: nats, in the broadcast shape of the arguments; ``inf`` for perfect reconstruction.

    Raises: InvalidInputError: for NaN, a negative error, or ``dim`` not a whole number >= 1.

    Source: arXiv 2410.06993, Section 4, corrected. Checked by theory_checks/test_section_4_autoencoder.py.

    >>> round(reconstruction_information_lower_bound(3.0, 0.5, 2), 4)
    1.5484
    """

    def formula(entropy: torch.Tensor, mean_squared_error: torch.Tensor, dim: torch.Tensor) -> torch.Tensor:
        _check_number("entropy", entropy)
        _check_dim(dim)
        _require(mean_squared_error >= 0, "mean_squared_error", ">= 0", mean_squared_error)
        return entropy - dim / 2 * (math.log(2 * math.pi * math.e) + torch.log(mean_squared_error / dim))

    return elementwise(formula, entropy=entropy, mean_squared_error=mean_squared_error, dim=dim)
