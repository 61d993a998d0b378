"""The linear dual: unbiased in value and gradient at every batch size."""

from typing import final

import torch

from noisedim.channel import NoisyChannel
from noisedim.objectives.fitted_dual import FittedDual
from noisedim.objectives.method import Method
from noisedim.theory.dual_batch import linear_bound

__all__ = ["METHOD", "LinearDual"]


@final
class LinearDual(FittedDual):
    r"""Maximises J_lin, whose expectation over batches is a bound on information and does not depend on their size.

    .. math:: J_{lin} = \frac1B\sum_i t_i - \frac1{B(B-1)}\sum_{i\ne j}\kappa(f_i, f_j') + 1, \qquad
              \mathbb E J_{lin} \le J \le I

    Gradients are unbiased and, where κ has heavy tails (little noise, an embedding far from the prior), large: anneal the
    noise from above.

    Args:
        adaptive: see :class:`~noisedim.objectives.fitted_dual.FittedDual`.
        decay: of its running mean.

    Source: claim dual-linear.

    >>> from noisedim import GaussianPrior
    >>> channel = NoisyChannel(GaussianPrior(2), sigma=1.0)
    >>> z = channel.normalise(torch.randn(64, 2))
    >>> bool(LinearDual()(z, z, channel).loss.isfinite())
    True
    """

    def __init__(self, *, adaptive: bool = False, decay: float = 0.99) -> None:
        super().__init__(adaptive=adaptive, decay=decay)

    def loss(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        positives: torch.Tensor,
        log_kernel: torch.Tensor,
        channel: NoisyChannel,
        agreement: float | torch.Tensor,
    ) -> torch.Tensor:
        return -linear_bound(positives, log_kernel)


METHOD = Method(
    name="linear-dual",
    build=lambda settings: LinearDual(),
    injects_noise=True,
    means_pairs=True,
    references=("mehler", "nwj"),
)
