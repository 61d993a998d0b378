"""Affine images of the two channels' own laws: any Gaussian, and uniform laws on boxes."""

import math
from typing import Any, final

import numpy as np
import torch

from noisedim.errors import InvalidInputError
from noisedim.priors.arrays import check_sizes, covariance_factor, numbers, off_edges, rounding_tolerance
from noisedim.priors.mapped import MappedPrior
from noisedim.priors.special import normal_distribution, signs, standard_normal_log_prob
from noisedim.priors.uniform import UniformPrior

__all__ = ["BoxPrior", "FullGaussianPrior"]


@final
class FullGaussianPrior(MappedPrior):
    """N(mean, covariance), with noise N(0, σ²·covariance): the embedding is mean + L·u with covariance = L·Lᵀ.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive definite.

    Raises: InvalidInputError: for shapes that do not match, and for a singular covariance, whose law has no density.

    >>> FullGaussianPrior([1.0, 0.0], [[4.0, 1.0], [1.0, 1.0]]).law
    'N(mean, covariance)'
    """

    name = "gaussian"
    fields = ("mean", "covariance")

    def __init__(self, mean: Any, covariance: Any) -> None:
        self.mean = numbers("mean", mean, ndim=1)
        self.covariance = numbers("covariance", covariance, ndim=2)
        if self.covariance.shape[0] != len(self.mean):
            raise InvalidInputError(
                f"mean (d,) and covariance (d, d) must match; got {tuple(self.mean.shape)} and "
                f"{tuple(self.covariance.shape)}"
            )
        super().__init__(len(self.mean))
        self.factor = covariance_factor("covariance", self.covariance)
        check_sizes("mean and covariance", location=self.mean, scale=self.covariance.diagonal().sqrt())

    @property
    def law(self) -> str:
        return "N(mean, covariance)"

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        factor = self.factor.to(z.device)
        return torch.linalg.solve_triangular(factor, (z - self.mean.to(z.device)).T, upper=False).T

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return self.mean.to(z.device) + z @ self.factor.T.to(z.device)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        return standard_normal_log_prob(self._to_normal(z)) - float(self.factor.diagonal().log().sum())

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "mean": self.mean.tolist(), "covariance": self.covariance.tolist()}


@final
class BoxPrior(MappedPrior):
    """Uniform on the box [low, high] in R^d, with noise uniform on [−ε, ε] in units of its sides.

    The unit cube of :class:`~noisedim.priors.uniform.UniformPrior`, whose channel it is trained through, shifted and
    stretched.

    Args:
        low: (d,) least values.
        high: (d,) greatest values.
        squash: how a standardised output is brought into the cube.

    Raises: InvalidInputError: unless low < high in every coordinate, both finite: no uniform law is unbounded.

    >>> round(BoxPrior([-1.0, -1.0], [1.0, 1.0]).capacity(0.05), 4)
    4.7958
    """

    name = "box"
    fields = ("low", "high")
    optional_fields = ("squash",)
    support_words = "values inside the box"

    def __init__(self, low: Any, high: Any, *, squash: str = "normal-cdf") -> None:
        self.low, self.high = numbers("low", low, ndim=1), numbers("high", high, ndim=1)
        if self.low.shape != self.high.shape or not bool((self.low < self.high).all()):
            raise InvalidInputError(
                f"a box needs low < high in every coordinate; got low={self.low.tolist()}, high={self.high.tolist()}"
            )
        check_sizes("a box", location=torch.maximum(self.low.abs(), self.high.abs()), scale=self.high - self.low)
        super().__init__(len(self.low), channel_prior=UniformPrior(len(self.low), squash=squash))
        self.squash = squash

    @property
    def law(self) -> str:
        return "the uniform law on the box"

    def from_channel(self, z: torch.Tensor) -> torch.Tensor:
        return (self.low.to(z.device) + (self.high - self.low).to(z.device) * z.double()).to(z.dtype)

    def to_channel(self, z: torch.Tensor) -> torch.Tensor:
        return self.in_unit_cube(z)

    def in_unit_cube(self, z: torch.Tensor) -> torch.Tensor:
        """The box to [0, 1]^d, (n, d); the inverse of :meth:`from_channel`."""
        low, high = self.low.to(z.device), self.high.to(z.device)
        return ((z.double() - low) / (high - low)).clamp(0.0, 1.0).to(z.dtype)

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        return off_edges(z, self.low.numpy(), self.high.numpy())

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        low, high = self.low.to(z.device), self.high.to(z.device)
        tolerance, z = rounding_tolerance(z), z.double()
        inside = (z >= low - tolerance * low.abs()) & (z <= high + tolerance * high.abs())
        return ~inside.all(1)

    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        low, high = self.low.to(z.device), self.high.to(z.device)
        # From the nearer edge, so that both tails keep their digits; half an ulp inside where a value is at it.
        below, above = (z - low) / (high - low), (high - z) / (high - low)
        tail = torch.where(below <= above, below, above).clamp_min(2**-54)
        normal = torch.special.ndtri(tail)
        return torch.where(below <= above, normal, -normal)

    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        low, high = self.low.to(z.device), self.high.to(z.device)
        side = signs(z)
        tail = (high - low) * normal_distribution(-side * z)
        return torch.where(side < 0, low + tail, high - tail)

    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        volume = float((self.high - self.low).log().sum())
        return torch.where(self.outside(z), -math.inf, 0 * z.sum(1) - volume)

    def spec(self) -> dict[str, Any]:
        return {"prior": self.name, "low": self.low.tolist(), "high": self.high.tolist(), "squash": self.squash}
