"""The law that an embedding is to follow, and all that depends on it, one object a prior.

A prior knows how to bring an encoder's output under its constraint (normalisation), which noise makes the bound of the
paper tight (noise law and capacity), the closed form of the dual (kernel and alignment), and the map to and from
N(0, I). :class:`~noisedim.channel.NoisyChannel` and the objectives ask the prior and know no law by name.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from torch import nn

from noisedim.checks import exactly_one, one_of, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.theory import bounds

__all__ = [
    "PRIOR_NAMES",
    "SQUASH_NAMES",
    "BatchStandardisation",
    "GaussianPrior",
    "Prior",
    "UniformPrior",
    "make_prior",
    "noise_level",
]

# Statistics of a batch divide by sqrt(variance + eps). PyTorch's default of 1e-5 leaves features of small scale short
# of unit variance, which the theorem assumes; constant features are refused by the channel instead.
_EPS = 1e-8


@final
class BatchStandardisation(nn.BatchNorm1d):
    """Batch normalisation without an affine part: mean 0 and variance 1 in every coordinate, shape (n, d) to (n, d).

    In ``eval()`` it uses the running statistics. :meth:`set_statistics` replaces those by exact ones.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim, eps=_EPS, affine=False)

    @torch.no_grad()
    def set_statistics(self, raw: torch.Tensor) -> None:
        """Take mean and (population) variance from ``raw``, the encoder's output on the training set, shape (n, d)."""
        if self.running_mean is None or self.running_var is None:  # pragma: no cover - we always track
            return
        self.running_mean.copy_(raw.double().mean(0))
        self.running_var.copy_(raw.double().var(0, unbiased=False))


def _logistic(x: torch.Tensor) -> torch.Tensor:
    # The logistic law of variance 1 becomes uniform.
    return torch.sigmoid(x * (math.pi / math.sqrt(3)))


def _clip(x: torch.Tensor) -> torch.Tensor:
    # The uniform law of variance 1, on ±√3, becomes U[0, 1].
    return (0.5 + x / (2 * math.sqrt(3))).clamp(0, 1)


_SQUASHES = {"normal-cdf": torch.special.ndtr, "logistic": _logistic, "clip": _clip}
SQUASH_NAMES = tuple(_SQUASHES)


@final
class _StandardisationThenMap(nn.Module):
    def __init__(self, dim: int, name: str) -> None:
        super().__init__()
        self.standardisation = BatchStandardisation(dim)
        self.name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _SQUASHES[self.name](self.standardisation(x))

    def set_statistics(self, raw: torch.Tensor) -> None:
        self.standardisation.set_statistics(raw)

    def extra_repr(self) -> str:
        return f"then {self.name}"


class Prior(ABC):
    """A law on R^d, with the noise that the method pairs it with.

    Args:
        dim: embedding dimension d >= 1.

    Raises: InvalidInputError: if ``dim`` is not an integer >= 1.
    """

    name: ClassVar[str]
    level_name: ClassVar[str]
    """What the noise level is called: ``sigma`` or ``epsilon``."""

    def __init__(self, dim: int) -> None:
        self.dim = positive_integer("dim", dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dim={self.dim})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.dim))

    @abstractmethod
    def normalisation(self) -> nn.Module:
        """A fresh module that brings an encoder's raw output (n, d) under the prior's constraint.

        It has ``set_statistics(raw)``, which fixes what ``eval()`` uses to the statistics of ``raw``.
        """

    @abstractmethod
    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Noise Z with the shape, dtype and device of ``like``."""

    @abstractmethod
    def capacity(self, level: float) -> float:
        """Upper bound on I(f(X′); f(X)+Z), nats, at this noise level."""

    @abstractmethod
    def level_for_capacity(self, capacity: float) -> float:
        """The noise level whose capacity is ``capacity`` nats."""

    @abstractmethod
    def information(self, level: float) -> float:
        """I(f(X); f(X)+Z), nats, when f(X) follows the prior exactly and f is weakly invariant."""

    @abstractmethod
    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        """(n, m) matrix of log κ, whose log-mean-exp over independent images is a Rényi-2 divergence in nats."""

    @abstractmethod
    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        """Mean price, nats, of f(X) ≠ f(X′) in the dual: a quadratic in ``a - b``, both (n, d)."""

    @abstractmethod
    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        """The map that takes the prior to N(0, I), coordinate by coordinate, shape (n, d)."""

    @abstractmethod
    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        """The inverse of :meth:`to_normal`."""

    @abstractmethod
    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        """``n`` independent draws, shape (n, d)."""


@final
class GaussianPrior(Prior):
    """N(0, I): batch standardisation, Gaussian noise of standard deviation ``sigma``, Mehler's kernel.

    Source: arXiv 2410.06993, Theorems 3.4 and 4.1.

    >>> round(GaussianPrior(2).capacity(0.1), 4)
    4.6151
    """

    name = "normal"
    level_name = "sigma"

    def normalisation(self) -> nn.Module:
        return BatchStandardisation(self.dim)

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        return level * torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)

    def capacity(self, level: float) -> float:
        return bounds.gaussian_capacity(self.dim, level)

    def level_for_capacity(self, capacity: float) -> float:
        return bounds.sigma_for_capacity(self.dim, capacity)

    def information(self, level: float) -> float:
        return self.capacity(level)

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return bounds.gaussian_dual_kernel(a, b, level)

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return (a - b).square().sum(1).mean() / (2 * level * level)

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        return z

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return z

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
    quadratic of Gaussian noise with the same variance, ‖a−b‖²/(2·ε²/3): a surrogate, so the dual's value for this prior
    is an objective and not a bound on information.

    Source: arXiv 2410.06993, Theorem 3.5; the kernel is new, claim dual-uniform.

    >>> round(UniformPrior(2).capacity(0.05), 4)
    4.7958
    """

    name = "uniform"
    level_name = "epsilon"

    def __init__(self, dim: int, *, squash: str = "normal-cdf") -> None:
        super().__init__(dim)
        self.squash = one_of("squash", squash, SQUASH_NAMES)

    def normalisation(self) -> nn.Module:
        return _StandardisationThenMap(self.dim, self.squash)

    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        return level * (2 * torch.rand(like.shape, generator=generator, dtype=like.dtype, device=like.device) - 1)

    def capacity(self, level: float) -> float:
        return bounds.uniform_capacity(self.dim, level)

    def level_for_capacity(self, capacity: float) -> float:
        return bounds.epsilon_for_capacity(self.dim, capacity)

    def information(self, level: float) -> float:
        return bounds.uniform_information(self.dim, level)

    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return bounds.uniform_dual_kernel(a, b, level)

    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        return (a - b).square().sum(1).mean() * (3 / (2 * level * level))

    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        return torch.special.ndtri(z)

    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        return torch.special.ndtr(z)

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


_PRIORS: dict[str, type[Prior]] = {prior.name: prior for prior in (GaussianPrior, UniformPrior)}
PRIOR_NAMES = tuple(_PRIORS)


def make_prior(name: str, dim: int, *, squash: str = "normal-cdf") -> Prior:
    """The prior called ``name`` (``"normal"`` or ``"uniform"``) in ``dim`` dimensions."""
    if one_of("prior", name, PRIOR_NAMES) == UniformPrior.name:
        return UniformPrior(dim, squash=squash)
    return _PRIORS[name](dim)


def noise_level(
    prior: Prior, *, sigma: float | None = None, epsilon: float | None = None, capacity: float | None = None
) -> float:
    """The noise level of ``prior`` from exactly one of its name or a capacity in nats."""
    name, value = exactly_one(sigma=sigma, epsilon=epsilon, capacity=capacity)
    value = positive(name, value)
    if name == "capacity":
        value = prior.level_for_capacity(value)
        if not (value > 0 and math.isfinite(value)):
            raise InvalidInputError(f"capacity is out of float64's reach for {prior!r}; got a noise level of {value!r}")
        return value
    if name != prior.level_name:
        raise InvalidInputError(f"{prior!r} takes {prior.level_name} or capacity; got {name}={value!r}")
    return value
