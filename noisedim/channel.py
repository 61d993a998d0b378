"""NoisyChannel: normalise, add noise while training, pass clean in eval."""

import math
import warnings
from collections.abc import Callable
from typing import Any, Self, final

import torch
from torch import nn

from noisedim.checks import bounded_tensor, embedding_tensor, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.precision import at_least_single, doubled, keeping_double
from noisedim.priors import Prior, noise_level
from noisedim.priors.normalisation import set_statistics

__all__ = ["NoisyChannel", "batch_deviation", "unseen_capacity"]


def unseen_capacity(prior: Prior, level: float, rows: int) -> str | None:
    """What to say of a channel whose capacity exceeds what the dual of a batch of ``rows`` can see; None if it can.

    Raises: InvalidInputError: for fewer than two rows, of which no level is enough.

    >>> from noisedim.priors import GaussianPrior
    >>> unseen_capacity(GaussianPrior(2), 0.3, 256) is None
    True
    """
    positive_integer("rows", rows, minimum=2)
    least = prior.least_batch(level)
    if rows >= least:
        return None
    # The level at which so many rows are enough: least_batch falls in it, to √2 rows.
    low, high = level, max(1.0, level)
    while prior.least_batch(high) > rows:
        high *= 2
    for _ in range(40):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if prior.least_batch(middle) > rows else (low, middle)
    needed = f"{least:,.0f}" if least < 1e6 else f"{least:.0e}"
    remedy = f"use {needed} rows or more, or " if math.isfinite(least) else ""
    return (
        f"the channel's capacity of {prior.capacity(level):.3g} nats exceeds the {prior.capacity(high):.3g} nats that the dual "
        f"of a batch of {rows:,} rows can see: {remedy}end the annealing at {prior.level_name}={high:.3g} instead of "
        f"{level:.3g}"
    )


def batch_deviation(raw: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each coordinate over a batch, (d,), in the dtype of ``raw``, (n, d)."""
    whole = at_least_single(raw)  # a square of 300 is beyond float16
    # The root has an infinite slope at 0, where a batch of equal rows is.
    return whole.var(0, unbiased=False).clamp(min=1e-30).sqrt().to(raw.dtype)


@final
class NoisyChannel(nn.Module):
    r"""The paper's one change to a self-supervised model: Y = f(X) + Z with f normalised and Z independent.

    Put it after any encoder. In ``train()`` it normalises the batch and adds the prior's noise; in ``eval()`` it
    normalises by the running statistics, adds nothing, and maps to the prior's own coordinates where they are others.

    Args:
        prior: the law to match, e.g. ``GaussianPrior(2)``.
        sigma: noise standard deviation (Gaussian prior), in units of the embedding's standard deviation.
        epsilon: half-width of the noise (uniform prior), on an embedding in [0, 1]^d.
        capacity: instead of either: the most information, in nats, that the channel shall pass.
        warn: say once, by a ``UserWarning``, when the capacity exceeds what a training batch can see: see below.
        own_units: give the embedding back in the units it came in: x + s·Z, s the batch's standard deviations, and in
            ``eval()`` x itself. For methods that fix the scale in their own way; they see the same information, and
            without noise they are what they were. For ``GaussianPrior``.

    Shapes: (n, d) to (n, d), floating point; n >= 2 in ``train()``. For noise that stays on a sphere or a torus, one column
    more for each sphere or circle (:attr:`~noisedim.priors.Prior.channel_dim`).

    The noise level can be set at any time (``channel.level = 0.5``, or ``channel.sigma``, ``channel.epsilon``,
    ``channel.capacity``), so annealing is one assignment a step. It is saved in ``state_dict`` and keeps float64
    precision when the model is cast.

    How far to anneal: a batch of B rows sees a capacity of log B + (d/2)·log 2 − 0.35 nats of a Gaussian channel
    (:func:`~noisedim.theory.dual_batch.visible_capacity`), and about twice log B of one on a cube, sphere or torus
    (:meth:`~noisedim.priors.Prior.least_batch` gives the rows at a level). With less noise the means over pairs that the
    dual is made of are mostly their tails, and training draws rows apart instead of to the prior. End the annealing there,
    or take larger batches; the adaptive dual, whose critic allows for views that differ, bears less noise.

    Raises: InvalidInputError: unless exactly one of ``sigma``, ``epsilon``, ``capacity`` is given and positive; for
        ``own_units`` with another prior; on a
        batch of wrong shape or dtype; and, in the first training batch after construction or
        :meth:`check_next_batch`, on NaN or constant features. Later batches are not read back from the device.

    Source: arXiv 2410.06993, Section 3.

    >>> from noisedim.priors import GaussianPrior
    >>> channel = NoisyChannel(GaussianPrior(2), capacity=4.6151)
    >>> round(channel.sigma, 4)
    0.1
    >>> channel.eval()(torch.zeros(3, 2)).shape
    torch.Size([3, 2])
    """

    noise_level: torch.Tensor

    def __init__(
        self,
        prior: Prior,
        *,
        sigma: float | None = None,
        epsilon: float | None = None,
        capacity: float | None = None,
        warn: bool = True,
        own_units: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(prior, Prior):
            raise InvalidInputError(f"prior must be a noisedim prior such as GaussianPrior(2); got {prior!r}")
        self.prior = prior
        self.normalisation = prior.normalisation()
        level = noise_level(prior, sigma=sigma, epsilon=epsilon, capacity=capacity)
        self.register_buffer("noise_level", torch.tensor(level, dtype=torch.float64))
        self._level: float | None = level
        self._unchecked = True
        # The level at which a batch was last found large enough; None: not asked yet. NaN: never asked (again).
        self._seen_level = None if warn and not own_units else math.nan
        self.own_units = own_units
        if own_units and not prior.channel_prior.is_standard_normal:
            raise InvalidInputError(f"own_units is for GaussianPrior, which standardises and no more; got {prior!r}")

    def forward(self, raw: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """Embeddings, with noise in ``train()`` and without in ``eval()``; (n, d) to (n, d)."""
        clean = self.normalise(raw)
        if self.training:
            self.check_batch(len(raw))
        if self.own_units:
            if not self.training:
                return raw
            return raw + batch_deviation(raw) * self.prior.noise(raw, self.noise_level, generator=generator)
        return self.add_noise(clean, generator=generator) if self.training else self.prior.from_channel(clean)

    def normalise(self, raw: torch.Tensor) -> torch.Tensor:
        """The clean embeddings f(X) under the prior's constraint, in either mode; (n, d) to (n, d).

        In channel coordinates, where noise and objectives work: for priors beyond N(0, I) and U[0, 1]^d, ``eval()`` maps
        them to the prior's own, which may have another number of columns.
        """
        self._check(raw)
        return self.normalisation(raw)

    def add_noise(self, clean: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """f(X) + Z for normalised ``clean``, in either mode; (n, d) to (n, d)."""
        return clean + self.prior.noise(clean, self.noise_level, generator=generator)

    def set_statistics(self, raw: torch.Tensor) -> None:
        """Fix what ``eval()`` normalises by to the exact statistics of ``raw``: the encoder's output on the training set.

        Works after ``torch.nn.SyncBatchNorm.convert_sync_batchnorm``, too.

        Args:
            raw: (n, d) floating-point tensor, n >= 2, of any number of batches; its values are not examined.

        Raises: InvalidInputError: for another shape or dtype.
        """
        embedding_tensor("raw", raw, dim=self.prior.channel_dim, minimum_rows=2, examine_values=False)
        set_statistics(self.normalisation, raw)

    def check_next_batch(self) -> None:
        """Examine the values of the next training batch too (it costs one device synchronisation)."""
        self._unchecked = True

    def check_batch(self, rows: int) -> None:
        """Warn, once in the channel's life, if its capacity exceeds what the dual of a batch of so many rows can see.

        Called by :meth:`forward` in ``train()`` and by the plain dual, a mean over a batch's pairs; costs nothing
        until the level is set anew.
        """
        if self._seen_level is not None and (math.isnan(self._seen_level) or self._seen_level == self._level):
            return
        if torch.compiler.is_compiling():
            return
        self._seen_level = self.level
        message = unseen_capacity(self.prior, self.level, rows)
        if message is not None:
            self._seen_level = math.nan
            warnings.warn(message, UserWarning, stacklevel=3)

    def _check(self, raw: torch.Tensor) -> None:
        examine = self.training and self._unchecked and not torch.compiler.is_compiling()
        minimum = 2 if self.training else 1
        embedding_tensor(
            "the channel's input", raw, dim=self.prior.channel_dim, minimum_rows=minimum, examine_values=examine
        )
        if not examine:
            return
        bounded_tensor("the channel's input", raw, power=2)
        values = doubled(raw.detach())
        spread, scale = values.var(0, unbiased=False), values.square().mean(0)
        # Relative to the coordinate's size: a huge offset with rounding noise on it is constant, too.
        constant = (spread <= 1e-12 * scale + 1e-30).nonzero().flatten().tolist()
        if constant:
            raise InvalidInputError(
                f"the channel's input must vary in every coordinate to have unit variance; "
                f"got {len(constant)} constant of {self.prior.channel_dim}, the first is coordinate {constant[0]}"
            )
        self._unchecked = False

    @property
    def level(self) -> float:
        """The noise level: sigma or epsilon, by the prior. Setting it takes effect at the next batch."""
        if self._level is None:
            self._level = float(self.noise_level)
        return self._level

    @level.setter
    def level(self, value: float) -> None:
        self._level = positive(self.prior.level_name, value)
        self.noise_level.fill_(self._level)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._level = None  # read back from the buffer when next asked for

    def _level_named(self, name: str) -> float:
        if self.prior.level_name != name:
            raise InvalidInputError(f"{self.prior!r} has {self.prior.level_name}, not {name}")
        return self.level

    @property
    def sigma(self) -> float:
        """Noise standard deviation (Gaussian prior)."""
        return self._level_named("sigma")

    @sigma.setter
    def sigma(self, value: float) -> None:
        self.level = noise_level(self.prior, sigma=value)

    @property
    def epsilon(self) -> float:
        """Half-width of the noise (uniform prior)."""
        return self._level_named("epsilon")

    @epsilon.setter
    def epsilon(self, value: float) -> None:
        self.level = noise_level(self.prior, epsilon=value)

    @property
    def capacity(self) -> float:
        """Upper bound on the information passed, in nats, at the present noise level."""
        return self.prior.capacity(self.level)

    @capacity.setter
    def capacity(self, value: float) -> None:
        self.level = noise_level(self.prior, capacity=value)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        # A cast of the model (.half(), .bfloat16()) must move the level but not round it.
        level = math.nan if self.noise_level.is_meta and self._level is None else self.level
        return super()._apply(keeping_double(self.noise_level, fn, value=level), recurse)

    def extra_repr(self) -> str:
        return f"{self.prior!r}, {self.prior.level_name}={self.level:.6g}, capacity={self.capacity:.4g} nats"
