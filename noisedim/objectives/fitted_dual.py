"""What the bounded forms of the dual share: a critic fitted to how far the views agree, and the bound that is reported."""

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import Objective, ObjectiveValue, in_single
from noisedim.precision import keeping_double
from noisedim.theory.dual_batch import row_bound

__all__ = ["FittedDual"]


class FittedDual(Objective):
    """A dual whose noise is integrated out, and whose reported bound is one in every batch (at most the log of its rows).

    Args:
        adaptive: fit the critic to how far the views agree (their correlation for N(0, I), the overlap of their noise for
            U[0, 1]^d), by a running mean of the batches before; otherwise it is the critic of views that are equal,
            Theorem 4.1's.
        decay: weight of the past in that running mean, in (0, 1).

    Raises: InvalidInputError: for a decay out of range.
    """

    running_agreement: torch.Tensor

    def __init__(self, *, adaptive: bool, decay: float = 0.99) -> None:
        super().__init__()
        self.adaptive = adaptive
        self.decay = unit_interval("decay", decay)
        if not 0 < self.decay < 1:
            raise InvalidInputError(f"decay must lie strictly between 0 and 1; got {decay!r}")
        # NaN: no batch seen yet.
        self.register_buffer("running_agreement", torch.tensor(math.nan, dtype=torch.float64))

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        return super()._apply(keeping_double(self.running_agreement, fn), recurse)

    @property
    def pairs_views(self) -> bool:
        """Whether the loss's kernel is of f(X) with f(X′), as the bound's; otherwise it is of f(X) with itself."""
        return True

    @abstractmethod
    def loss(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        positives: torch.Tensor,
        log_kernel: torch.Tensor,
        channel: NoisyChannel,
        agreement: float | torch.Tensor,
    ) -> torch.Tensor:
        """What is minimised, 0-d, from the batch, its positives (n,) and the kernel (n, n) of its :attr:`pairs_views`."""

    @in_single
    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        prior, level = channel.prior, channel.level
        embedding_tensor("z", z, dim=prior.channel_dim, minimum_rows=2, examine_values=False)
        embedding_tensor("z_prime", z_prime, dim=prior.channel_dim, minimum_rows=2, examine_values=False)
        if len(z) != len(z_prime):
            raise InvalidInputError(f"z and z_prime must have one row per image each; got {len(z)} and {len(z_prime)}")
        agreement = self._updated_agreement(z, z_prime, channel) if self.adaptive else 1.0
        positives = prior.dual_positives(z, z_prime, level, agreement)
        log_kernel = prior.fitted_log_kernel(z, z_prime if self.pairs_views else z, level, agreement)
        loss = self.loss(z, z_prime, positives, log_kernel, channel, agreement)
        ceiling = min(prior.capacity(level), math.log(len(z)))
        if self.pairs_views:
            return ObjectiveValue(loss, row_bound(positives.detach(), log_kernel.detach()), ceiling)
        # The bound's kernel is another matrix of all pairs, half of the work of a step that does not report it.
        if not estimate:
            return ObjectiveValue(loss, torch.full_like(loss, math.nan, requires_grad=False), ceiling)
        views = prior.fitted_log_kernel(z.detach(), z_prime.detach(), level, agreement)
        return ObjectiveValue(loss, row_bound(positives.detach(), views), ceiling)

    @torch.no_grad()
    def _updated_agreement(self, z: torch.Tensor, z_prime: torch.Tensor, channel: NoisyChannel) -> torch.Tensor:
        """The running mean before this batch, which then enters it; of the first batch, its own."""
        now = channel.prior.agreement(z, z_prime, channel.level).to(self.running_agreement)
        used = torch.where(torch.isnan(self.running_agreement), now, self.running_agreement)
        if self.training:
            self.running_agreement.copy_(self.decay * used + (1 - self.decay) * now)
        return used
