"""SIGReg over all slices at once: a kernel in closed form in place of random directions."""

import math
from typing import ClassVar, final

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, positive, unit_interval
from noisedim.objectives.interface import Objective, ObjectiveValue, in_single
from noisedim.objectives.method import Method
from noisedim.theory.sliced_kernels import sliced_epps_pulley

__all__ = ["METHOD", "SlicedSIGReg"]


@final
class SlicedSIGReg(Objective):
    r"""LeJEPA's objective with the mean over all directions of Epps and Pulley's statistic, by its kernel.

    .. math:: (1-\lambda)\,\mathbb E_v\|z_v - \bar z\|^2 + \lambda\,n\sqrt{2\pi}\,\beta\;\mathbb E_v\,\mathbb E_u
              \mathrm{EP}_\beta(\langle u, z_v\rangle)

    At β = 1 what :class:`~noisedim.objectives.SIGReg` has in expectation over its directions, but for its rule on [−5, 5].
    O(n²) pairs in place of n·slices·knots values.

    Args:
        weight: λ in [0, 1].
        beta: scale of the frequencies, > 0.

    Source: Balestriero & LeCun, arXiv 2511.08544; claim sliced-epps-pulley.

    >>> from noisedim import GaussianPrior
    >>> z = torch.randn(64, 4)
    >>> bool(SlicedSIGReg()(z, z, NoisyChannel(GaussianPrior(4), sigma=1.0)).loss > 0)
    True
    """

    normalised: ClassVar[bool] = False

    def __init__(self, *, weight: float = 0.05, beta: float = 1.0) -> None:
        super().__init__()
        self.weight = unit_interval("weight", weight)
        self.beta = positive("beta", beta)

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
        embedding_tensor("z", z, minimum_rows=2, examine_values=False)
        embedding_tensor("z_prime", z_prime, dim=z.shape[1], minimum_rows=2, examine_values=False)
        # Two views lie at equal distance from their mean: half of their own.
        prediction = (z - z_prime).square().mean() / 4
        match = (sliced_epps_pulley(z, self.beta) + sliced_epps_pulley(z_prime, self.beta)) / 2
        scale = self.weight * len(z) * math.sqrt(2 * math.pi) * self.beta
        return ObjectiveValue.without_bound((1 - self.weight) * prediction + scale * match)


METHOD = Method(
    name="sliced-sigreg",
    build=lambda settings: SlicedSIGReg(weight=settings.strength),
    strength="lambda",
    default=0.05,
    takes_noise=True,
    references=("sigreg", "sliced-kernels"),
)
