"""SIGReg (LeJEPA): every random slice of an embedding is drawn to N(0, 1)."""

from typing import ClassVar, final

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.interface import Objective, ObjectiveValue
from noisedim.objectives.method import Method, Preset, Recipe

__all__ = ["METHOD", "SIGReg", "epps_pulley"]

_KNOTS = 17
_LARGEST_FREQUENCY = 5.0


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


METHOD = Method(
    name="sigreg",
    build=lambda settings: SIGReg(weight=settings.strength),
    strength="lambda",
    default=0.05,
    takes_noise=True,
    presets=(Preset("sigreg", "SIGReg (LeJEPA)"),),
    recipe=Recipe(dim=256, head=(2048, 2048), head_normalisation=True),
    references=("sigreg",),
)
