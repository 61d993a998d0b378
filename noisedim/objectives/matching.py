"""How others bring an embedding's law to N(0, I): SIGReg, a kernel distance, sliced Wasserstein, an adversary."""

import math
from typing import ClassVar, final

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, positive, positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.objectives.infomax import InfoMax
from noisedim.objectives.value import Objective, ObjectiveValue

__all__ = ["Adversarial", "SIGReg", "epps_pulley", "imq_mmd", "sliced_w2", "unit_directions"]

_KNOTS = 17
_LARGEST_FREQUENCY = 5.0


def unit_directions(dim: int, count: int, like: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """``count`` independent uniform unit vectors as columns, (dim, count)."""
    vectors = torch.randn(dim, count, generator=generator, dtype=like.dtype, device=like.device)
    return functional.normalize(vectors, dim=0)


def epps_pulley(projections: torch.Tensor, *, knots: int = _KNOTS) -> torch.Tensor:
    r"""Epps and Pulley's statistic of each column against N(0, 1), (m,).

    .. math:: T = n \int |\hat\varphi(t) - e^{-t^2/2}|^2 \, e^{-t^2/2} \, dt

    By the trapezoidal rule on [−5, 5], whose integrand is even: twice its right half.

    Args:
        projections: (n, m).
        knots: points of the rule, odd, >= 3.

    Source: Epps & Pulley (1983), Biometrika 70, 723–726; quadrature as in Balestriero & LeCun, arXiv 2511.08544.
    """
    embedding_tensor("projections", projections, examine_values=False)
    if positive_integer("knots", knots, minimum=3) % 2 == 0:
        raise InvalidInputError(f"knots must be odd; got {knots}")
    half = (knots + 1) // 2
    t = torch.linspace(0, _LARGEST_FREQUENCY, half, dtype=projections.dtype, device=projections.device)
    normal = torch.exp(-t * t / 2)
    angles = projections[:, :, None] * t
    gap = (angles.cos().mean(0) - normal).square() + angles.sin().mean(0).square()
    return 2 * len(projections) * torch.trapezoid(gap * normal, t, dim=1)


@final
class SIGReg(Objective):
    r"""LeJEPA: views are drawn to their mean, and every random slice of each view to N(0, 1).

    .. math:: (1-\lambda)\,\mathbb E_v\|z_v - \bar z\|^2 + \lambda\,\mathbb E_v\,\mathrm{SIGReg}(z_v)

    Args:
        weight: λ in [0, 1].
        slices: random directions, drawn anew each step from the run's generator.

    Source: Balestriero & LeCun, arXiv 2511.08544, Section 5.
    """

    normalised: ClassVar[bool] = False

    def __init__(self, *, weight: float = 0.05, slices: int = 64) -> None:
        super().__init__()
        self.weight = unit_interval("weight", weight)
        self.slices = positive_integer("slices", slices)

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        directions = unit_directions(z.shape[1], self.slices, z, generator)
        # Two views lie at equal distance from their mean: half of their own.
        prediction = (z - z_prime).square().mean() / 4
        match = (epps_pulley(z @ directions).mean() + epps_pulley(z_prime @ directions).mean()) / 2
        return ObjectiveValue.without_bound((1 - self.weight) * prediction + self.weight * match)


def imq_mmd(z: torch.Tensor, sample: torch.Tensor, *, scale: float | None = None) -> torch.Tensor:
    r"""Squared maximum mean discrepancy by the inverse multiquadric :math:`C/(C + \|x-y\|^2)`, unbiased, 0-d.

    Args:
        z: codes, (n, d), n >= 2.
        sample: draws of the prior, (n, d).
        scale: C > 0; 2d if omitted, the mean squared distance of two draws of N(0, I).

    Source: Tolstikhin et al., arXiv 1711.01558, Algorithm 2 and Section 4.
    """
    embedding_tensor("z", z, minimum_rows=2, examine_values=False)
    embedding_tensor("sample", sample, dim=z.shape[1], minimum_rows=2, examine_values=False)
    scale = 2.0 * z.shape[1] if scale is None else positive("scale", scale)

    def kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
        return scale / (scale + squares.clamp(min=0))

    def within(a: torch.Tensor) -> torch.Tensor:
        matrix = kernel(a, a)
        return (matrix.sum() - matrix.diagonal().sum()) / (len(a) * (len(a) - 1))

    return within(z) + within(sample) - 2 * kernel(z, sample).mean()


def sliced_w2(z: torch.Tensor, sample: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Squared sliced 2-Wasserstein distance of two samples of one size, over given directions, 0-d.

    Args:
        z, sample: (n, d) each.
        directions: unit columns, (d, m).

    Source: Kolouri et al., arXiv 1804.01947, eq. (15).
    """
    if z.shape != sample.shape:
        raise InvalidInputError(f"both samples must have one shape; got {tuple(z.shape)} and {tuple(sample.shape)}")
    ours, theirs = ((points @ directions).sort(dim=0).values for points in (z, sample))
    return (ours - theirs).square().mean()


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
            functional.softplus(-self.discriminator(real)).mean()
            + functional.softplus(self.discriminator(z.detach())).mean()
        )
        constant = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        deceived = functional.softplus(-functional_call(self.discriminator, constant, (z,))).mean()
        # Without noise the information has no finite ceiling but the estimator's own; it is no bound on the channel's.
        return ObjectiveValue(
            information.loss + self.weight * (deceived + discerned),
            torch.full_like(information.bound, math.nan),
            math.inf,
        )
