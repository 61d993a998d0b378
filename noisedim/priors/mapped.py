"""Laws that a bijection reaches from N(0, I), or from the unit cube: trained on this side, handed out on that."""

import math
from abc import abstractmethod

import torch
from torch import nn

from noisedim.checks import positive_integer
from noisedim.errors import InvalidInputError
from noisedim.precision import SINGLE_ONLY
from noisedim.priors.gaussian import GaussianPrior
from noisedim.priors.interface import Prior
from noisedim.priors.special import widened

__all__ = ["MappedPrior"]


class MappedPrior(Prior):
    r"""A law P = g(N(0, I)) with a bijection g, trained through the latent Gaussian channel.

    With u the normalised output of the encoder, the embedding is f(X) = g(u), and noise is added before g. Mutual
    information does not change under bijections, and neither do divergences (Statement 3.7, with equality):

    .. math:: I(f(X'); g(u+Z)) = I(u'; u+Z), \qquad KL(f(X) \| P) = KL(u \| N(0, I)).

    So capacity, information and the dual are those of N(0, I), exactly, for any such law; and training for P is training
    for N(0, I), with g applied when it is over: in the embedding's own coordinates the noise has the shape that g gives
    it (an ellipsoid of the covariance's shape for a Gaussian; small where P is dense for all others).

    A law may name another channel to be trained through (:attr:`channel_prior`): a box takes the unit cube's.

    Args:
        dim: number d of normal variables.
        channel_prior: the law of the channel; N(0, I) if omitted.
    """

    def __init__(self, dim: int, *, channel_prior: Prior | None = None) -> None:
        super().__init__(dim)
        self._channel_prior = GaussianPrior(dim) if channel_prior is None else channel_prior
        self.level_name = self._channel_prior.level_name
        self.start_level = self._channel_prior.start_level
        self.exact_dual = self._channel_prior.exact_dual

    @property
    def channel_dim(self) -> int:
        return self.channel_prior.channel_dim

    @property
    def channel_prior(self) -> Prior:
        return self._channel_prior

    @property
    def default_level(self) -> float:
        return self.channel_prior.default_level

    def normalisation(self) -> nn.Module:
        return self.channel_prior.normalisation()

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        return self.channel_prior.noise(like, level, generator=generator)

    def capacity(self, level: float) -> float:
        return self.channel_prior.capacity(level)

    def level_for_capacity(self, capacity: float) -> float:
        return self.channel_prior.level_for_capacity(capacity)

    def information(self, level: float) -> float:
        return self.channel_prior.information(level)

    def noise_divergence(self, level: float, mean_square: float) -> float:
        return self.channel_prior.noise_divergence(level, mean_square)

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return self.channel_prior.log_dual_kernel(a, b, level)

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return self.channel_prior.alignment(a, b, level)

    def agreement(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> torch.Tensor:
        return self.channel_prior.agreement(z, z_prime, level)

    def dual_positives(
        self, z: torch.Tensor, z_prime: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        return self.channel_prior.dual_positives(z, z_prime, level, agreement)

    def fitted_log_kernel(
        self, a: torch.Tensor, b: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        return self.channel_prior.fitted_log_kernel(a, b, level, agreement)

    def least_batch(self, level: float) -> float:
        return self.channel_prior.least_batch(level)

    def batch_bound(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> tuple[torch.Tensor, float]:
        return self.channel_prior.batch_bound(z, z_prime, level)

    def from_channel(self, z: torch.Tensor) -> torch.Tensor:
        return self.from_normal(z)

    def to_channel(self, z: torch.Tensor) -> torch.Tensor:
        return self.to_normal(z)

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        normal = self._to_normal(self._rows(z, self.ambient_dim)).to(z.dtype)
        return torch.where(self.outside(z.detach())[:, None], math.nan, normal)

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return self._from_normal(self._rows(z, self.dim)).to(z.dtype)

    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        return self._log_prob(self._rows(z, self.ambient_dim)).to(z.dtype)

    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        n = positive_integer("n", n)
        return self._sample(n, generator, torch.device("cpu" if device is None else device)).to(dtype)

    def _rows(self, z: torch.Tensor, columns: int) -> torch.Tensor:
        if not isinstance(z, torch.Tensor) or z.ndim != 2 or z.shape[1] != columns or not z.is_floating_point():
            came = f"{tuple(z.shape)}, {z.dtype}" if isinstance(z, torch.Tensor) else type(z).__name__
            raise InvalidInputError(f"{self!r} takes floating-point tensors of shape (n, {columns}); got {came}")
        if z.device.type in SINGLE_ONLY:
            raise InvalidInputError(
                f"{self!r} is computed in float64, which {z.device.type} lacks; move the rows to the CPU"
            )
        return widened(z)

    @abstractmethod
    def _to_normal(self, z: torch.Tensor) -> torch.Tensor:
        """:meth:`to_normal` in float64."""

    @abstractmethod
    def _from_normal(self, z: torch.Tensor) -> torch.Tensor:
        """:meth:`from_normal` in float64."""

    @abstractmethod
    def _log_prob(self, z: torch.Tensor) -> torch.Tensor:
        """:meth:`log_prob` in float64."""

    def _sample(self, n: int, generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
        """``n`` draws in float64; through the map, where there is no other way."""
        return self._from_normal(_normal((n, self.dim), generator, device))


def _normal(shape: tuple[int, ...], generator: torch.Generator | None, device: torch.device) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
