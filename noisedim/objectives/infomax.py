"""Noise-injected Deep InfoMax: a critic scores pairs, and a lower bound on information is maximised."""

import math
from collections.abc import Callable
from typing import Any, Literal, Self, final, get_args

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, one_of, positive_integer, unit_interval
from noisedim.critics import Critic, make_critic
from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import Objective, ObjectiveValue
from noisedim.objectives.method import Settings
from noisedim.objectives.score_bounds import (
    donsker_varadhan,
    infonce,
    log_mean_exp,
    nguyen_wainwright_jordan,
    split_scores,
)
from noisedim.precision import at_least_single, keeping_double

__all__ = ["PAPER_CRITIC", "Estimator", "InfoMax", "infomax_builder"]

Estimator = Literal["infonce", "dv", "nwj"]
PAPER_CRITIC = {"critic": "mlp", "negatives": 15}
"""The paper's critic on 15 negative pairs per sample."""


@final
class InfoMax(Objective):
    """Noise-injected Deep InfoMax with a critic: scores pairs (f(X′), f(X)+Z) and maximises a bound on information.

    Args:
        critic: scores pairs; its parameters train with the encoder's.
        estimator: ``"infonce"``, ``"dv"`` or ``"nwj"``.
        negatives: negative pairs a sample, drawn by random cyclic shifts of the batch (never the sample itself); all
            n−1 if omitted.
        unbiased_gradient: for ``"dv"``: divide gradients by a running mean of e^T (see :func:`donsker_varadhan`).
        decay: weight of the past in that running mean.
        noisy: add the channel's noise; without it this is plain Deep InfoMax, whose information has no upper bound.

    Raises: InvalidInputError: for an unknown estimator, or ``unbiased_gradient`` without ``"dv"``.

    Source: arXiv 2410.06993, Sections 2.2 and 4.

    >>> from noisedim import GaussianPrior, MLPCritic
    >>> objective = InfoMax(MLPCritic(2), estimator="infonce", negatives=15)
    >>> z = torch.randn(64, 2)
    >>> round(objective(z, z, NoisyChannel(GaussianPrior(2), sigma=0.3)).ceiling, 4)  # log 16
    2.7726
    """

    log_normaliser: torch.Tensor

    def __init__(
        self,
        critic: Critic,
        *,
        estimator: Estimator = "infonce",
        negatives: int | None = None,
        unbiased_gradient: bool = False,
        decay: float = 0.99,
        noisy: bool = True,
    ) -> None:
        super().__init__()
        self.critic = critic
        self.estimator = one_of("estimator", estimator, get_args(Estimator))
        self.negatives = None if negatives is None else positive_integer("negatives", negatives)
        if unbiased_gradient and estimator != "dv":
            raise InvalidInputError(f"unbiased_gradient is an option of estimator='dv'; got estimator={estimator!r}")
        self.unbiased_gradient = unbiased_gradient
        self.decay = unit_interval("decay", decay)
        if not 0 < self.decay < 1:
            raise InvalidInputError(f"decay must lie strictly between 0 and 1; got {decay!r}")
        self.noisy = noisy
        # NaN: no batch seen yet.
        # In float64: a running mean's steps are far below those of bfloat16.
        self.register_buffer("log_normaliser", torch.tensor(math.nan, dtype=torch.float64))

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Self:
        return super()._apply(keeping_double(self.log_normaliser, fn), recurse)

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        embedding_tensor("z", z, minimum_rows=2, examine_values=False)
        embedding_tensor("z_prime", z_prime, dim=z.shape[1], minimum_rows=2, examine_values=False)
        if len(z) != len(z_prime):
            raise InvalidInputError(f"z and z_prime must have one row per image each; got {len(z)} and {len(z_prime)}")
        y = channel.add_noise(z, generator=generator) if self.noisy else z
        positive, negative = map(at_least_single, self._scores(z_prime, y, channel.noise_level, generator))
        if self.estimator == "infonce":
            return infonce(positive, negative)
        if self.estimator == "nwj":
            return nguyen_wainwright_jordan(positive, negative)
        return donsker_varadhan(positive, negative, log_normaliser=self._updated_normaliser(negative))

    def _scores(
        self, x: torch.Tensor, y: torch.Tensor, level: torch.Tensor, generator: torch.Generator | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        n = len(x)
        if self.negatives is None or self.negatives >= n - 1:
            return split_scores(self.critic(x, y, level=level))
        device = x.device
        shifts = 1 + torch.randperm(n - 1, generator=generator, device=device)[: self.negatives]
        rows = torch.arange(n, device=device)
        index = torch.cat([rows[:, None], (rows[:, None] + shifts) % n], dim=1)
        scores = self.critic(x, y, index=index, level=level)
        return scores[:, 0], scores[:, 1:]

    @torch.no_grad()
    def _updated_normaliser(self, negative: torch.Tensor) -> torch.Tensor | None:
        if not self.unbiased_gradient:
            return None
        now = log_mean_exp(negative).to(self.log_normaliser.dtype)
        if self.training:
            past = torch.where(torch.isnan(self.log_normaliser), now, self.log_normaliser)
            mixed = torch.logaddexp(past + math.log(self.decay), now + math.log1p(-self.decay))
            self.log_normaliser.copy_(mixed)
        return torch.where(torch.isnan(self.log_normaliser), now, self.log_normaliser).to(negative.dtype)


def infomax_builder(estimator: Estimator) -> Callable[[Settings], InfoMax]:
    """How a configuration's settings become :class:`InfoMax` with ``estimator``."""

    def build(settings: Settings) -> InfoMax:
        return InfoMax(
            make_critic(settings.critic, settings.dim),
            estimator=estimator,
            negatives=settings.negatives,
            unbiased_gradient=settings.unbiased_gradient,
            noisy=settings.noisy,
        )

    return build
