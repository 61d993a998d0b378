"""The row-wise dual: a lower bound on information at every batch size, without samples of the noise."""

from typing import final

import torch

from noisedim.channel import NoisyChannel
from noisedim.objectives.fitted_dual import FittedDual
from noisedim.objectives.method import Method
from noisedim.theory.dual_batch import row_bound

__all__ = ["ADAPTIVE", "METHOD", "RowDual"]


@final
class RowDual(FittedDual):
    r"""Maximises J_B, InfoNCE with a closed-form critic and the noise integrated out.

    .. math:: J_B = \frac1B\sum_i t_i - \frac1B\sum_i\log\Bigl(\frac1B\sum_j\kappa(f_i, f_j')\Bigr)
              \le \mathbb E\,\mathrm{InfoNCE}_B \le \min(I, \log B)

    Args:
        symmetric: the mean of both directions, with the views' roles exchanged, as SimCLR has it; otherwise f(X) is noisy.
            The reported bound is always of that direction.
        adaptive: see :class:`~noisedim.objectives.fitted_dual.FittedDual`.
        decay: of its running mean.

    Source: claims dual-rows and dual-adaptive; for the uniform prior claim dual-leaky.

    >>> from noisedim import GaussianPrior
    >>> channel = NoisyChannel(GaussianPrior(2), sigma=0.1)
    >>> z = channel.normalise(torch.randn(16, 2))
    >>> loss, bound, ceiling = RowDual()(z, z, channel)
    >>> bool(bound <= ceiling), round(ceiling, 4)  # log 16
    (True, 2.7726)
    """

    def __init__(self, *, symmetric: bool = True, adaptive: bool = False, decay: float = 0.99) -> None:
        super().__init__(adaptive=adaptive, decay=decay)
        self.symmetric = symmetric

    def loss(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        positives: torch.Tensor,
        log_kernel: torch.Tensor,
        channel: NoisyChannel,
        agreement: float | torch.Tensor,
    ) -> torch.Tensor:
        forth: torch.Tensor = row_bound(positives, log_kernel)
        if not self.symmetric:
            return -forth
        # Every kernel is symmetric in its points: exchanging the views transposes the matrix.
        back = row_bound(channel.prior.dual_positives(z_prime, z, channel.level, agreement), log_kernel.T)
        return -(forth + back) / 2


METHOD = Method(name="row-dual", build=lambda settings: RowDual(), injects_noise=True, references=("infonce", "mehler"))
ADAPTIVE = Method(
    name="adaptive-row-dual",
    build=lambda settings: RowDual(adaptive=True),
    injects_noise=True,
    references=("infonce", "mehler"),
)
