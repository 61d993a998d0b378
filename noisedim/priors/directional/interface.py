"""Uniform laws on spheres and on products of them, with von Mises and Fisher's noise about each point: no map, no seam."""

import math
from abc import abstractmethod
from functools import lru_cache
from typing import Any, final

import numpy as np
import torch
from torch import nn

from noisedim.checks import positive_integer
from noisedim.precision import doubled
from noisedim.priors.arrays import digits_held, least_step
from noisedim.priors.directional.sphere_angles import log_sphere_area, sphere_from_normal, sphere_to_normal
from noisedim.priors.directional.von_mises_fisher import displaced
from noisedim.priors.interface import Prior
from noisedim.priors.normalisation import StandardisationThenSpheres
from noisedim.priors.special import widened
from noisedim.theory.spheres import dual_spheres
from noisedim.theory.spheres.dual_spheres_fitted import (
    concentration_for_resultant,
    fitted_sphere_kernel,
    fitted_sphere_positives,
    sphere_least_batch,
)
from noisedim.theory.spheres.sphere_means import mean_resultant

__all__ = ["SpheresPrior", "UnitSpherePrior", "off_seams", "off_spheres"]

# How far off a sphere a row may be, relative to the radius: decimals in a file, single precision.
_TOLERANCE = 1e-4
# Views of no agreement would have a critic that is 0 everywhere, and nothing would be learned.
_LEAST_AGREEMENT = 0.01


def off_spheres(z: torch.Tensor, width: int, radius: float = 1.0) -> torch.Tensor:
    """Which rows are off the product of spheres that their groups of ``width`` columns lie on, (n,) booleans."""
    # Unit vectors that were rounded to float16 or bfloat16 are off the sphere by up to half a unit of their last digit.
    tolerance = max(_TOLERANCE, 2.0 ** -digits_held(z))
    norms = z.double().unflatten(1, (-1, width)).norm(dim=2)
    return ~((norms / radius - 1).abs() <= tolerance).all(1)


def off_seams(z: np.ndarray, width: int) -> np.ndarray:
    """Points (n, groups · width) of spheres whose last coordinate was rounded to 0 on the seam, where the map is infinite.

    They are moved to the middle of what rounds there on one side. float16 ends at 6e-8: of a million rows some are there.
    """
    seams = (z[:, width - 1 :: width] == 0) & (z[:, width - 2 :: width] < 0)
    if not seams.any():
        return z
    moved = z.copy()
    moved[:, width - 1 :: width][seams] = least_step(z) / 4
    return moved


class SpheresPrior(Prior):
    r"""The uniform law on a product of equal unit spheres, each with von Mises and Fisher's noise.

    Points and noise lie on the spheres, and everything the channel needs is closed: with the concentration k = 1/σ²,
    p(y | x) ∝ exp(k⟨x, y⟩), the capacity is :func:`~noisedim.theory.spheres.dual_spheres.sphere_capacity` of each sphere,
    and the uniform law, whose noisy law is uniform, sends just that. The level is called σ = k^(−1/2), the noise's standard
    deviation in radians along each direction when it is small, so that more is more noise, as for every other prior.

    Args:
        dim: dimension of the product.
        sphere_dim: of each sphere.
    """

    level_name = "sigma"
    start_level = 1.0
    exact_dual = True
    support_words = "rows of norm 1, up to 0.0001"

    def __init__(self, dim: int, *, sphere_dim: int) -> None:
        super().__init__(dim)
        self._sphere_dim = sphere_dim
        self._spheres = self.dim // sphere_dim

    @property
    def channel_dim(self) -> int:
        return self.dim + self._spheres

    @property
    def ambient_dim(self) -> int:
        return self.channel_dim

    def normalisation(self) -> nn.Module:
        return StandardisationThenSpheres(self._spheres, self._sphere_dim + 1)

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        # All spheres as rows of one: what is drawn for each is independent.
        points = like.reshape(-1, self._sphere_dim + 1)
        return displaced(points, float(level) ** -2, generator=generator).reshape(like.shape)

    def capacity(self, level: float) -> float:
        value: float = dual_spheres.sphere_capacity(self._sphere_dim, level**-2)
        return self._spheres * value

    def level_for_capacity(self, capacity: float) -> float:
        return float(dual_spheres.concentration_for_sphere_capacity(self._sphere_dim, capacity / self._spheres) ** -0.5)

    def information(self, level: float) -> float:
        return self.capacity(level)

    def noise_divergence(self, level: float, mean_square: float) -> float:
        return self.capacity(level)

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        k = float(level) ** -2
        return _sum_of([dual_spheres.sphere_kernel(*pair, k) for pair in self._pairs(a, b)])

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        k = float(level) ** -2
        # 1 − ⟨a, b⟩ is ‖a − b‖²/2 on each sphere.
        return (a - b).square().sum(1).mean() * (k * mean_resultant(k, self._sphere_dim) / 2)

    def agreement(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> torch.Tensor:
        inner = doubled((z.detach() * z_prime.detach()).sum(1).mean())
        return inner.div(self._spheres).clamp(_LEAST_AGREEMENT, 1.0)

    def dual_positives(
        self, z: torch.Tensor, z_prime: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        k, own = level**-2, self._critic(level, float(agreement))
        return _sum_of([fitted_sphere_positives(*pair, k, own) for pair in self._pairs(z, z_prime)])

    def fitted_log_kernel(
        self, a: torch.Tensor, b: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        k, own = level**-2, self._critic(level, float(agreement))
        return _sum_of([fitted_sphere_kernel(*pair, k, own) for pair in self._pairs(a, b)])

    def _critic(self, level: float, agreement: float) -> float:
        """The concentration of the best critic for views that agree so far."""
        return level**-2 if agreement >= 1 else _fitted(level**-2, agreement, self._sphere_dim)

    def _pairs(self, a: torch.Tensor, b: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Both rows sphere by sphere."""
        width = self._sphere_dim + 1
        return list(zip(a.split(width, 1), b.split(width, 1), strict=True))

    def to_channel(self, z: torch.Tensor) -> torch.Tensor:
        """Rows of length 1 on each sphere to rounding, whatever they were rounded to."""
        return nn.functional.normalize(z.unflatten(1, (-1, self._sphere_dim + 1)), dim=2).flatten(1)

    def least_batch(self, level: float) -> float:
        return sphere_least_batch(self._sphere_dim, level**-2, spheres=self._spheres)

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        parts = widened(z).split(self._sphere_dim + 1, 1)
        normal = torch.cat([sphere_to_normal(part, self._sphere_dim) for part in parts], 1).to(z.dtype)
        return torch.where(self.outside(z.detach())[:, None], math.nan, normal)

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        parts = widened(z).split(self._sphere_dim, 1)
        return torch.cat([sphere_from_normal(part, self._sphere_dim) for part in parts], 1).to(z.dtype)

    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        # Times 0, for a gradient.
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1) - self._spheres * log_sphere_area(self._sphere_dim))

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        return off_spheres(z, self._sphere_dim + 1)

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        return off_seams(z, self._sphere_dim + 1)

    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        shape = (positive_integer("n", n), self._spheres, self._sphere_dim + 1)
        points = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
        return nn.functional.normalize(points, dim=2).flatten(1).to(dtype)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "dim": self.dim}

    @property
    @abstractmethod
    def law(self) -> str:
        """The law in formulas, as a verdict names it."""


@final
class UnitSpherePrior(SpheresPrior):
    """Uniform on the unit sphere of dimension d in R^{d+1}: the channel of ``SpherePrior(d, noise="von-mises-fisher")``.

    Source: claims dual-spheres and dual-spheres-fitted.

    >>> UnitSpherePrior(2).channel_dim
    3
    """

    name = "unit-sphere"

    def __init__(self, dim: int) -> None:
        super().__init__(dim, sphere_dim=dim)

    @property
    def law(self) -> str:
        return "the uniform law on the unit sphere"


@lru_cache(maxsize=64)  # positives and kernel of one step ask for the same
def _fitted(k: float, agreement: float, dim: int) -> float:
    """The concentration k′ with A(k′) = agreement · A(k)."""
    return concentration_for_resultant(agreement * float(mean_resultant(k, dim)), dim)


def _sum_of(parts: list[torch.Tensor]) -> torch.Tensor:
    """The sum of tensors of one shape."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
