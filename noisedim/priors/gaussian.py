"""The standard normal prior: batch standardisation, Gaussian noise, Mehler's kernel."""

import math
from typing import Any, final

import torch
from torch import nn

from noisedim.checks import positive_integer
from noisedim.precision import doubled
from noisedim.priors.interface import Prior
from noisedim.priors.normalisation import BatchStandardisation
from noisedim.priors.special import standard_normal_log_prob
from noisedim.theory import bounds
from noisedim.theory.dual_adaptive import adaptive_kernel, gaussian_positives
from noisedim.theory.dual_batch import least_batch

__all__ = ["GaussianPrior"]

# Views of no correlation would have a critic that is 0 everywhere, and nothing would be learned.
_LEAST_CORRELATION = 0.01


@final
class GaussianPrior(Prior):
    """N(0, I): batch standardisation, Gaussian noise of standard deviation ``sigma``, Mehler's kernel.

    Args:
        dim: number of coordinates d.

    Source: arXiv 2410.06993, Theorems 3.4 and 4.1.

    >>> round(GaussianPrior(2).capacity(0.1), 4)
    4.6151
    """

    name = "normal"
    known_by_name = True
    is_standard_normal = True
    level_name = "sigma"
    start_level = 1.0
    exact_dual = True

    @property
    def law(self) -> str:
        return "N(0, I)"

    def normalisation(self) -> nn.Module:
        return BatchStandardisation(self.dim)

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        return level * torch.empty(like.shape, dtype=like.dtype, device=like.device).normal_(generator=generator)

    def capacity(self, level: float) -> float:
        return bounds.gaussian_capacity(self.dim, level)

    def level_for_capacity(self, capacity: float) -> float:
        return bounds.sigma_for_capacity(self.dim, capacity)

    def information(self, level: float) -> float:
        return self.capacity(level)

    def noise_divergence(self, level: float, mean_square: float) -> float:
        s = level**2
        return self.dim / 2 * (math.log1p(1 / s) - 1 + s / (1 + s)) + mean_square / (2 * (1 + s))

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return bounds.gaussian_dual_kernel(a, b, level)

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return (a - b).square().sum(1).mean() / (2 * level * level)

    def agreement(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> torch.Tensor:
        return doubled((z.detach() * z_prime.detach()).sum(1).mean()).div(self.dim).clamp(_LEAST_CORRELATION, 1.0)

    def dual_positives(
        self, z: torch.Tensor, z_prime: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        positives: torch.Tensor = gaussian_positives(z, z_prime, level, agreement)
        return positives

    def fitted_log_kernel(
        self, a: torch.Tensor, b: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        kernel: torch.Tensor = adaptive_kernel(a, b, level, agreement)
        return kernel

    def least_batch(self, level: float) -> float:
        return least_batch(self.dim, level)

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        return z

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return z

    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        return standard_normal_log_prob(z)

    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        n = positive_integer("n", n)
        return torch.randn((n, self.dim), generator=generator, dtype=dtype, device=device)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim}
