"""The adaptive dual: Theorem 4.1's bound with the critic of the correlation that the views have, at the same cost."""

from typing import Literal, final, get_args

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import one_of
from noisedim.objectives.fitted_dual import FittedDual
from noisedim.objectives.method import Method
from noisedim.theory.dual_batch import pairs_estimate

__all__ = ["METHOD", "AdaptiveDual"]


@final
class AdaptiveDual(FittedDual):
    r"""Maximises the plug-in estimate of J_ρ, ρ the running correlation of the views; small noise no longer collapses.

    .. math:: J_\rho = \mathbb E\,T_\rho - \log\mathbb E\,\kappa_\rho(f(X_1), f(X_2')) \le I

    Its loss is no bound of a batch; what is reported is, the row-wise form with the same critic.

    Args:
        pairs: ``"clean"`` (default) draws the law of f(X) to the prior, ``"cross"`` its overlap with that of f(X′), as for
            :class:`~noisedim.objectives.Dual`.
        decay: weight of the past in the running mean, in (0, 1).

    Source: claim dual-adaptive; for the uniform prior claim dual-leaky.

    >>> from noisedim import GaussianPrior
    >>> channel = NoisyChannel(GaussianPrior(2), sigma=0.1)
    >>> z = channel.normalise(torch.randn(64, 2))
    >>> objective = AdaptiveDual()
    >>> loss, bound, ceiling = objective(z, 0.8 * z, channel)
    >>> round(objective.running_agreement.item(), 3)
    0.8
    """

    def __init__(self, *, pairs: Literal["clean", "cross"] = "clean", decay: float = 0.99) -> None:
        super().__init__(adaptive=True, decay=decay)
        self.pairs = one_of("pairs", pairs, get_args(Literal["clean", "cross"]))

    @property
    def pairs_views(self) -> bool:
        return self.pairs == "cross"

    def loss(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        positives: torch.Tensor,
        log_kernel: torch.Tensor,
        channel: NoisyChannel,
        agreement: float | torch.Tensor,
    ) -> torch.Tensor:
        return -pairs_estimate(positives, log_kernel)


METHOD = Method(
    name="adaptive-dual",
    build=lambda settings: AdaptiveDual(pairs=settings.pairs),
    injects_noise=True,
    references=("mehler", "donsker-varadhan"),
)
