"""Deep InfoMax with an adversary that draws the embedding to the prior."""

import math
from typing import ClassVar, final

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from noisedim.channel import NoisyChannel
from noisedim.checks import positive
from noisedim.critics import MLPCritic
from noisedim.nets import discriminator
from noisedim.objectives.infomax import InfoMax
from noisedim.objectives.interface import Objective, ObjectiveValue
from noisedim.objectives.method import Method, Preset, Settings
from noisedim.precision import at_least_single

__all__ = ["METHOD", "Adversarial"]


@final
class Adversarial(Objective):
    """Deep InfoMax with adversarial prior matching: information without noise, and a discriminator against N(0, I).

    The discriminator tells embeddings from draws of the prior, the encoder deceives it (the non-saturating loss). Both
    step at once: the discriminator's loss sees no encoder, the encoder's treats the discriminator as constant.

    Args:
        infomax: the information term, without noise.
        discriminator: (n, d) to one logit a row, (n, 1).
        weight: γ of the prior term; 1 as in DIM(G).

    Source: Hjelm et al., arXiv 1808.06670, eqs. (7) and (8); Makhzani et al., arXiv 1511.05644.
    """

    normalised: ClassVar[bool] = False

    def __init__(self, infomax: InfoMax, discriminator: nn.Module, *, weight: float = 1.0) -> None:
        super().__init__()
        self.infomax = infomax
        self.discriminator = discriminator
        self.weight = positive("weight", weight)

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        information = self.infomax(z, z_prime, channel, generator=generator)
        real = channel.prior.channel_prior.sample(len(z), generator=generator, dtype=z.dtype, device=z.device)
        discerned = (
            functional.softplus(-at_least_single(self.discriminator(real))).mean()
            + functional.softplus(at_least_single(self.discriminator(z.detach()))).mean()
        )
        constant = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        deceived = functional.softplus(-at_least_single(functional_call(self.discriminator, constant, (z,)))).mean()
        # Without noise the information has no finite ceiling but the estimator's own; it is no bound on the channel's.
        return ObjectiveValue(
            information.loss + self.weight * (deceived + discerned),
            torch.full_like(information.bound, math.nan),
            math.inf,
        )


def _build(settings: Settings) -> Adversarial:
    infomax = InfoMax(MLPCritic(settings.dim), estimator="infonce", negatives=15, noisy=False)
    return Adversarial(infomax, discriminator(settings.dim), weight=settings.strength)


METHOD = Method(
    name="adversarial",
    build=_build,
    strength="gamma",
    default=1.0,
    presets=(Preset("adversarial", "Deep InfoMax, adversarial prior"),),
    references=("deep-infomax",),
)
