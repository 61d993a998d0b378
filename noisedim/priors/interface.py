"""What a prior is: the law that an embedding is to follow, and all that depends on it, one object a prior."""

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import nn

from noisedim.checks import exactly_one, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.precision import doubled
from noisedim.theory.dual_batch import row_bound

__all__ = ["DEFAULT_CAPACITY", "Prior", "noise_level"]

DEFAULT_CAPACITY = math.log1p(0.3**-2)
"""Nats that the channel passes if nothing else is asked for: 2.494, those of σ = 0.3 and N(0, I) at d = 2."""


class Prior(ABC):
    """A law of embeddings, with the noise that the method pairs it with.

    Normalisation, noise, kernel and alignment work in *channel coordinates* (n, channel_dim): where the encoder's output is
    normalised and noise is added. For N(0, I) and U[0, 1]^d these are the embedding itself. Every other law is reached
    from one of the two by a bijection (:class:`~noisedim.priors.mapped.MappedPrior`), which no information passes by:
    :meth:`from_channel` goes there when training is over.

    Args:
        dim: dimension d >= 1: how many independent normal variables the law can be made of.

    Raises: InvalidInputError: if ``dim`` is not an integer >= 1.
    """

    name: ClassVar[str]
    """What configurations, prior files and verdicts call it."""
    fields: ClassVar[tuple[str, ...]] = ("dim",)
    """What its specification must hold besides the name: arguments of the class."""
    optional_fields: ClassVar[tuple[str, ...]] = ()
    """What its specification may hold besides."""
    known_by_name: ClassVar[bool] = False
    """Whether its name and a dimension are all that a configuration needs."""
    is_standard_normal: ClassVar[bool] = False
    """Whether it is N(0, I) itself: its rows are tested as they are, and may be tested against any normal law."""
    references: ClassVar[tuple[str, ...]] = ()
    """What to cite for its map, keys of :data:`~noisedim.citations.BIBTEX`."""
    start_level: float
    """The noise level that training starts with, if none is given and the target is not larger."""
    level_name: str
    """What the noise level is called: ``sigma`` or ``epsilon``."""
    exact_dual: bool
    """Whether the closed-form dual bounds information (its alignment term is exact, and not a surrogate)."""
    support_words: str = "finite values"
    """What a row must be to lie in the support."""

    def __init__(self, dim: int) -> None:
        self.dim = positive_integer("dim", dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dim={self.dim})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prior) and type(self) is type(other) and self.spec() == other.spec()

    def __hash__(self) -> int:
        return hash((type(self), self.dim))

    @property
    def ambient_dim(self) -> int:
        """Columns of an embedding: d, but for a sphere, which lies in d + 1, and a torus, in 2d."""
        return self.dim

    @property
    def channel_dim(self) -> int:
        """Columns of the encoder's output and of channel coordinates: d, but d + 1 for noise that stays on a sphere."""
        return self.dim

    @property
    def channel_prior(self) -> "Prior":
        """The law that channel coordinates are to follow: the prior itself, or what it is mapped from."""
        return self

    @property
    def default_level(self) -> float:
        """The noise level that training ends with, if none is given: that of one capacity, whatever the dimension."""
        return self.level_for_capacity(DEFAULT_CAPACITY)

    @property
    @abstractmethod
    def law(self) -> str:
        """The law in formulas, as a verdict names it."""

    @abstractmethod
    def normalisation(self) -> nn.Module:
        """A fresh module that brings an encoder's raw output (n, channel_dim) under the constraint of the channel.

        It has ``set_statistics(raw)``, which fixes what ``eval()`` uses to the statistics of ``raw``.
        """

    @abstractmethod
    def noise(
        self, like: torch.Tensor, level: float | torch.Tensor, *, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Noise Z with the shape, dtype and device of ``like``, in channel coordinates.

        Where noise does not add, as on a sphere, it is the way from each row of ``like``, f(X) itself, to the noisy point,
        and gradients pass to ``like``.
        """

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
    def noise_divergence(self, level: float, mean_square: float) -> float:
        """Mean of KL(noise around a point ‖ noisy prior), nats, over points with this mean square norm in the channel.

        By convexity no law of such points is farther from the prior, once noise is added.
        """

    @abstractmethod
    def log_dual_kernel(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        """(n, m) matrix of log κ, whose log-mean-exp over independent images is a Rényi-2 divergence in nats.

        ``a`` and ``b`` are in channel coordinates, as in :meth:`alignment`.
        """

    @abstractmethod
    def alignment(self, a: torch.Tensor, b: torch.Tensor, level: float | torch.Tensor) -> torch.Tensor:
        """Mean price, nats, of f(X) ≠ f(X′) in the dual: a quadratic in ``a - b``, both in channel coordinates."""

    @abstractmethod
    def agreement(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> torch.Tensor:
        """How far the two views of an image agree, 0-d in [0, 1], as :meth:`dual_positives` takes it; no gradients."""

    @abstractmethod
    def dual_positives(
        self, z: torch.Tensor, z_prime: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        """(n,) critic of each pair averaged over its noise, nats: the critic that is best for views that agree so far.

        With :meth:`fitted_log_kernel` of the same agreement this is a dual that bounds information
        (:func:`~noisedim.theory.dual_batch.row_bound`), whatever the agreement, if it is not chosen on the rows themselves.
        """

    @abstractmethod
    def fitted_log_kernel(
        self, a: torch.Tensor, b: torch.Tensor, level: float, agreement: float | torch.Tensor = 1.0
    ) -> torch.Tensor:
        """(n, m) log of the mean of e^critic over the noise, between f(X) in the rows and f(X′) in the columns."""

    @abstractmethod
    def least_batch(self, level: float) -> float:
        """Rows from which on a batch sees the dual at this noise, not rounded: below, the mean of κ is mostly its tail.

        √(2 E κ²)/E κ over independent draws of the prior: :func:`noisedim.theory.dual_batch.least_batch`. It grows as the
        noise falls, so it tells how far to anneal at a batch size.
        """

    def batch_bound(self, z: torch.Tensor, z_prime: torch.Tensor, level: float) -> tuple[torch.Tensor, float]:
        """What is reported of a batch: a lower bound on I(f(X′); f(X)+Z), 0-d, nats, and the most that it can show.

        It is at most the log of the rows in every batch, and at most the information in the mean over batches; no gradients.
        In float64: with little noise, single precision would lift it.
        """
        with torch.no_grad():
            z, z_prime = doubled(z), doubled(z_prime)
            bound = row_bound(self.dual_positives(z, z_prime, level), self.fitted_log_kernel(z, z_prime, level))
        return bound, min(self.capacity(level), math.log(len(z)))

    def from_channel(self, z: torch.Tensor) -> torch.Tensor:
        """Channel coordinates (n, channel_dim) to embeddings (n, ambient_dim): a bijection that takes its law to the prior."""
        return z

    def to_channel(self, z: torch.Tensor) -> torch.Tensor:
        """The inverse of :meth:`from_channel`, (n, ambient_dim) to (n, channel_dim)."""
        return z

    @abstractmethod
    def to_normal(self, z: torch.Tensor) -> torch.Tensor:
        """The bijection that takes the prior to N(0, I), (n, ambient_dim) to (n, dim).

        Computed in float64 and accurate in both tails; differentiable; in the dtype of ``z``. Rows off the support come out
        as NaN, values at its very edge as those one float inside.
        """

    @abstractmethod
    def from_normal(self, z: torch.Tensor) -> torch.Tensor:
        """The inverse of :meth:`to_normal`."""

    @abstractmethod
    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        """Log-density, nats, (n, ambient_dim) to (n,); −∞ off the support; differentiable in the interior.

        With respect to Lebesgue measure, but for sphere and torus, where it is their own surface measure.
        """

    def in_unit_cube(self, z: torch.Tensor) -> torch.Tensor | None:
        """Rows of a law that is uniform on a cube or box, brought to [0, 1]^d, for direct tests; None of other laws."""
        return None

    def off_the_edges(self, z: np.ndarray) -> np.ndarray:
        """Rows that were rounded to the edge of the support moved inside, (n, ambient_dim) float64.

        To the middle of what rounds there in the shortest float format that holds all rows: :meth:`to_normal` has an edge
        farther out than any sample of the prior. Data comes through here before that map; rows off the support may come out
        as anything.
        """
        return z

    def outside(self, z: torch.Tensor) -> torch.Tensor:
        """Which rows are off the support, (n, ambient_dim) to (n,) booleans."""
        return ~torch.isfinite(z).all(1)

    @abstractmethod
    def sample(
        self,
        n: int,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> torch.Tensor:
        """``n`` independent draws, shape (n, ambient_dim)."""

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """What the prior is, as JSON holds it; :func:`~noisedim.priors.prior_from_spec` makes the same prior of it."""

    @classmethod
    def from_spec(cls, **fields: Any) -> Self:
        """The prior whose specification holds these fields."""
        return cls(**fields)

    def reference(self) -> dict[str, Any]:
        """What a run's configuration keeps: :meth:`spec`, and of a flow also where its file is."""
        return self.spec()

    def save(self, path: str | Path) -> None:
        """Write the prior to a file that :func:`~noisedim.priors.load_prior` reads, atomically: .json for parametric laws.

        Raises: InvalidInputError: for a name that does not end as it should; StorageError: if it can't be written.
        """
        from noisedim.files import write_json_atomically

        path = Path(path)
        if path.suffix != ".json":
            raise InvalidInputError(f"{type(self).__name__} is saved as a .json file; got {path}")
        write_json_atomically(path, self.spec())


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
