"""Normal quantiles from log-probabilities, and values from elsewhere with the gradient that is known of them."""

import math
from typing import Any

import torch

__all__ = [
    "FARTHEST",
    "LOG_ROOT_TAU",
    "attach",
    "log_normal_density",
    "normal_distribution",
    "normal_quantile_of_log",
    "normal_quantile_of_tails",
    "signs",
    "standard_normal_log_prob",
    "widened",
]

LOG_ROOT_TAU = math.log(2 * math.pi) / 2
# Beyond this many standard deviations float64 has no probabilities left: values are brought back to it.
FARTHEST = 38.0
# Φ⁻¹ takes probabilities above this as they are; below, Newton's method works on logarithms.
_LEAST_LOG = -600.0


class _Attached(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, value: torch.Tensor, derivative: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(derivative)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (derivative,) = ctx.saved_tensors
        return gradients[0] * derivative, None, None


class _Widened(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.dtype = x.dtype
        return x.double()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        most = torch.finfo(ctx.dtype).max
        return gradients[0].clamp(-most, most).to(ctx.dtype)


def widened(x: torch.Tensor) -> torch.Tensor:
    """``x`` in float64, with gradients that stay in the range of its own dtype."""
    return x if x.dtype is torch.float64 else _Widened.apply(x)


def attach(x: torch.Tensor, value: torch.Tensor, derivative: torch.Tensor) -> torch.Tensor:
    """``value`` as a function of ``x``, elementwise, with the ``derivative`` that is known of it; all of one shape."""
    return _Attached.apply(x, value, derivative)


def signs(z: torch.Tensor) -> torch.Tensor:
    """1 where z >= 0 and −1 elsewhere: ``signs(z) * z`` is |z| with a slope at 0, too."""
    return torch.where(z >= 0, 1.0, -1.0).to(z.dtype)


def normal_distribution(z: torch.Tensor) -> torch.Tensor:
    """Φ(z), elementwise, with all digits in the lower tail (``torch.special.ndtr`` loses them beyond −5)."""
    return torch.erfc(z * -math.sqrt(0.5)) / 2


def log_normal_density(z: torch.Tensor) -> torch.Tensor:
    """log φ(z), elementwise."""
    return -z * z / 2 - LOG_ROOT_TAU


def standard_normal_log_prob(z: torch.Tensor) -> torch.Tensor:
    """Log-density of N(0, I), (n, d) to (n,)."""
    return log_normal_density(z).sum(1)


@torch.no_grad()
def _quantile(log_p: torch.Tensor) -> torch.Tensor:
    """Φ⁻¹(e^log_p) for log_p <= log ½ or so, however far out, float64."""
    far = log_p < _LEAST_LOG
    z = torch.special.ndtri(log_p.clamp_min(_LEAST_LOG).exp())
    if bool(far.any()):
        # log Φ is concave: Newton's steps from the left of the root never pass it.
        tail = log_p[far].clamp_min(-(FARTHEST**2) / 2 - 5)
        root = -torch.sqrt(-2 * tail)
        for _ in range(8):
            log_cdf = torch.special.log_ndtr(root)
            root = root - (log_cdf - tail) * torch.exp(log_cdf - log_normal_density(root))
        z[far] = root
    return z.clamp(-FARTHEST, FARTHEST)


def normal_quantile_of_log(log_p: torch.Tensor) -> torch.Tensor:
    """Φ⁻¹(e^log_p), differentiable, float64; accurate for small probabilities, of which ``log_p`` keeps all digits."""
    z = _quantile(log_p.detach())
    # dz/d(log p) = p/φ(z)
    return attach(log_p, z, torch.exp(log_p.detach() - log_normal_density(z)))


def normal_quantile_of_tails(log_lower: torch.Tensor, log_upper: torch.Tensor) -> torch.Tensor:
    """z with P(N <= z) and P(N > z) given as logarithms: computed on the side of the smaller one, differentiable."""
    lower = log_lower <= log_upper
    # The other side's value is replaced, so that no infinite gradient is multiplied by the mask's zero.
    half = torch.full_like(log_lower, -math.log(2))
    below = normal_quantile_of_log(torch.where(lower, log_lower, half))
    above = normal_quantile_of_log(torch.where(lower, half, log_upper))
    return torch.where(lower, below, -above)
