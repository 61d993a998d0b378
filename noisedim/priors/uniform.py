"""The uniform prior on the unit cube: a map into the cube, uniform noise, the tent kernel."""

import math
from typing import Any, final

import numpy as np
import torch
from torch import nn

from noisedim.checks import one_of, positive_integer
from noisedim.precision import doubled
from noisedim.priors.arrays import SINGLE_EPS, off_edges
from noisedim.priors.interface import Prior
from noisedim.priors.normalisation import SQUASH_NAMES, StandardisationThenSquash
from noisedim.priors.special import normal_distribution
from noisedim.theory import bounds
from noisedim.theory.dual_uniform import leaky_kernel, leaky_positives, leaky_row_bound, uniform_least_batch

__all__ = ["UniformPrior"]

# Views that agree entirely need no leakage, and then one pair that does not costs −log of this; without any agreement
# the critic would be 0 everywhere.
_LEAST_LEAKAGE, _MOST_LEAKAGE = 1e-3, 0.99


def _leakage(agreement: float | torch.Tensor, level: float) -> float | torch.Tensor:
    """The best leakage for views whose noise boxes overlap by ``agreement``."""
    best = (1 - agreement) * (1 + 2 * level)
    if isinstance(best, torch.Tensor):
        return best.clamp(_LEAST_LEAKAGE, _MOST_LEAKAGE)
    return min(_MOST_LEAKAGE, max(_LEAST_LEAKAGE, best))


@final
class UniformPrior(Prior):
    r"""U[0, 1]^d: standardisation and a map into the cube, uniform noise on [−ε, ε]^d, the tent kernel.

    Args:
        dim: embedding dimension d >= 1.
        squash: ``normal-cdf`` (default), ``logistic`` or ``clip``: each makes the law of variance 1 that it is named after
            (normal, logistic, uniform) uniform, coordinate by coordinate.

    Why the normal CDF: the map must reach all of [0, 1]^d with gradients everywhere, and its pre-image of the target
    should be the law that an encoder's standardised output drifts to anyway. A normal pre-activation is then exactly
    uniform, so the map itself puts no lower limit on the distance to the prior. (A logistic map of a normal
    pre-activation is not uniform; clipping leaves atoms at 0 and 1, where gradients also vanish.) The report measures
    what each map does to the match.

    The channel's density vanishes outside [−ε, ε]^d, so the dual has no finite alignment term. In its place stands the
    quadratic of Gaussian noise with the same variance, ‖a−b‖²/(2·ε²/3): a surrogate, so the dual's loss for this prior
    is an objective and not a bound on information. What is reported of a batch is the leaky dual, which is one.

    Source: arXiv 2410.06993, Theorem 3.5; the kernel is new, claim dual-uniform.

    >>> round(UniformPrior(2).capacity(0.05), 4)
    4.7958
    """

    name = "uniform"
    optional_fields = ("squash",)
    known_by_name = True
    level_name = "epsilon"
    start_level = 0.2
    exact_dual = False
    support_words = "values in [0, 1]"

    def __init__(self, dim: int, *, squash: str = "normal-cdf") -> None:
        super().__init__(dim)
        self.squash = one_of("squash", squash, SQUASH_NAMES)

    @property
    def default_level(self) -> float:
        # Not by capacity: half-widths near 0.5, where many dimensions would end, draw the embedding to a lattice.
        return 0.1

    @property
    def law(self) -> str:
        return "U[0, 1]^d"

    def normalisation(self) -> nn.Module:
        return StandardisationThenSquash(self.dim, self.squash)

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        return level * (
            2 * torch.empty(like.shape, dtype=like.dtype, device=like.device).uniform_(generator=generator) - 1
        )

    def capacity(self, level: float) -> float:
        return bounds.uniform_capacity(self.dim, level)

    def level_for_capacity(self, capacity: float) -> float:
        return bounds.epsilon_for_capacity(self.dim, capacity)

    def information(self, level: float) -> float:
        return bounds.uniform_information(self.dim, level)

    def noise_divergence(self, level: float, mean_square: float) -> float:
        return self.capacity(level)

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return bounds.uniform_dual_kernel(a, b, level)

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return (a - b).square().sum(1).mean() * (3 / (2 * level * level))

    def agreement(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> torch.Tensor:
        return doubled((1 - (z.detach() - z_prime.detach()).abs() / (2 * level)).clamp(min=0).mean())

    def dual_positives(
        self, z: torch.Tensor, z_prime: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        positives: torch.Tensor = leaky_positives(z, z_prime, level, _leakage(agreement, level))
        return positives

    def fitted_log_kernel(
        self, a: torch.Tensor, b: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        kernel: torch.Tensor = leaky_kernel(a, b, level, _leakage(agreement, level))
        return kernel

    def least_batch(self, level: float) -> float:
        return uniform_least_batch(self.dim, level)

    def batch_bound(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> tuple[torch.Tensor, float]:
        with torch.no_grad():
            bound: torch.Tensor = leaky_row_bound(doubled(z), doubled(z_prime), level)
        return bound, min(self.capacity(level), math.log(len(z) / 2))

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        # A value of exactly 0 or 1 has an infinite quantile. Half an ulp inside is still far out.
        normal = torch.special.ndtri(z.double().clamp(2**-54, 1 - 2**-53)).to(z.dtype)
        return torch.where(self.outside(z)[:, None], math.nan, normal)

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return normal_distribution(z.double()).to(z.dtype)

    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        # Times 0, for a gradient.
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1))

    def in_unit_cube(self, z: torch.Tensor) -> torch.Tensor:
        return z.clamp(0.0, 1.0)

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        return off_edges(z, np.zeros(self.dim), np.ones(self.dim))

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        # Min-max scaling may end at 1 and an ulp; it begins at 0 exactly.
        return ~((z >= 0) & (z <= 1 + SINGLE_EPS)).all(1)

    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        n = positive_integer("n", n)
        return torch.rand((n, self.dim), generator=generator, dtype=dtype, device=device)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim, "squash": self.squash}
