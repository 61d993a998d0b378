"""SIGReg (LeJEPA): every random slice of an embedding is drawn to N(0, 1)."""

import math
from typing import ClassVar, final

import torch

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor, positive, positive_integer, unit_interval
from noisedim.errors import InvalidInputError
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.interface import Objective, ObjectiveValue, in_single
from noisedim.objectives.method import Method, Preset, Recipe

__all__ = ["METHOD", "SIGReg", "epps_pulley", "epps_pulley_error"]

# The rule of SIGReg's authors.
_AUTHORS_KNOTS, _AUTHORS_REACH = 17, 5.0
# Values of projections · knots that are held at once.
_MOST_VALUES = 2**25


@in_single
def epps_pulley(projections: torch.Tensor, *, knots: int = 257, reach: float = 7.0) -> torch.Tensor:
    r"""Epps and Pulley's statistic of each column against N(0, 1), (m,).

    .. math:: T = n \int |\hat\varphi(t) - e^{-t^2/2}|^2 \, e^{-t^2/2} \, dt

    By the trapezoidal rule on [−reach, reach], whose integrand is even: twice its right half. A rule of step h takes values
    that are 2π/h apart for equal: the default's period of 114.9 leaves a relative error below 1e-6 for samples of N(0, s²)
    with s ≤ 10; the rule of SIGReg's authors (``knots=17, reach=5``) has one of 10.05: the error is
    0.1% at s = 1.4, 3% at s = 2 and 30% at s = 10.
    :func:`epps_pulley_error` bounds the error for a given sample.

    Args:
        projections: (n, m).
        knots: points of the rule, odd, >= 3; time and memory are proportional to it.
        reach: end of the rule, > 0.

    Raises: InvalidInputError: for arguments out of range.

    Source: Epps & Pulley (1983), Biometrika 70, 723–726; the rule is that of Balestriero & LeCun, arXiv 2511.08544.
    """
    n, columns = embedding_tensor("projections", projections, examine_values=False).shape
    t = torch.linspace(0, *_rule(knots, reach), dtype=projections.dtype, device=projections.device)
    normal = torch.exp(-t * t / 2)
    gaps = []
    for part, own in zip(*(whole.split(max(16, _MOST_VALUES // (n * columns))) for whole in (t, normal)), strict=True):
        angles = projections[:, :, None] * part
        gaps.append((angles.cos().mean(0) - own).square() + angles.sin().mean(0).square())
    return 2 * n * torch.trapezoid(torch.cat(gaps, 1) * normal, t, dim=1)


def _rule(knots: int, reach: float) -> tuple[float, int]:
    """The last knot, and the number of those that are not negative."""
    if positive_integer("knots", knots, minimum=3) % 2 == 0:
        raise InvalidInputError(f"knots must be odd; got {knots}")
    return positive("reach", reach), (knots + 1) // 2


def epps_pulley_error(projections: torch.Tensor, *, knots: int = 257, reach: float = 7.0) -> torch.Tensor:
    r"""An upper bound on the error of :func:`epps_pulley`'s rule, rounding apart, for each column, (m,), float64.

    By Poisson's formula the rule of step h adds to the integral its Fourier transform at the multiples of its period 2π/h,
    which are sums over pairs of values, and of values and the prior:

    .. math:: |T_h - T| \le 2n\sum_{k \ge 1}\Bigl[\sqrt{2\pi}\,e^{-(2\pi k/h - R)_+^2/2}
              + 2\sqrt{\pi}\,e^{-(2\pi k/h - A)_+^2/4} + \sqrt{2\pi/3}\,e^{-(2\pi k/h)^2/6}\Bigr]
              + 8n\int_{T-h/2}^\infty e^{-t^2/2}dt

    with R the range of the column, A its largest absolute value and T the reach.

    Args:
        projections: (n, m).
        knots, reach: of the rule.

    Raises: InvalidInputError: for arguments out of range.

    >>> z = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> bool(epps_pulley_error(10 * z) < 1e-6 * epps_pulley(10 * z))
    True
    >>> bool(epps_pulley_error(10 * z, knots=17, reach=5.0) > epps_pulley(10 * z))  # values 10.05 apart are taken for equal
    True
    """
    embedding_tensor("projections", projections)
    end, half = _rule(knots, reach)
    step = end / (half - 1)
    values = projections.detach().double()
    spread, size = values.amax(0) - values.amin(0), values.abs().amax(0)
    # One term a period as far as values reach, and few beyond them.
    terms = math.ceil(step * float(torch.maximum(spread, size).max()) / (2 * math.pi)) + 10
    if terms > 10**6:
        return torch.full_like(spread, math.inf)
    aliases = torch.arange(1, terms + 1, dtype=values.dtype, device=values.device) * (2 * math.pi / step)
    pairs = torch.exp(-(aliases - spread[:, None]).clamp(min=0).square() / 2).sum(1)
    cross = torch.exp(-(aliases - size[:, None]).clamp(min=0).square() / 4).sum(1)
    prior = float(torch.exp(-aliases.square() / 6).sum())
    # The first knot left out stands for half a step before it, where the weight falls.
    tail = 8 * math.sqrt(math.pi / 2) * math.erfc((end - step / 2) / math.sqrt(2))
    total = math.sqrt(2 * math.pi) * pairs + 2 * math.sqrt(math.pi) * cross + math.sqrt(2 * math.pi / 3) * prior
    return len(values) * (2 * total + tail)


@final
class SIGReg(Objective):
    r"""LeJEPA: views are drawn to their mean, and every random slice of each view to N(0, 1).

    .. math:: (1-\lambda)\,\mathbb E_v\|z_v - \bar z\|^2 + \lambda\,\mathbb E_v\,\mathrm{SIGReg}(z_v)

    Args:
        weight: λ in [0, 1].
        slices: random directions, drawn anew each step from the run's generator.
        knots: of the rule on [−5, 5]; time and memory are proportional to it. By default the authors' 17, so that the method
            is theirs and new runs are comparable with recorded ones: they take projections that are 10.05 apart for equal,
            which costs up to 0.5% of the statistic of views with a standard deviation of 1.4, 3% at 2 and 30% to 46% at 10.
            With 257 the error is below 1e-6 at all of these, and 2e-5 at the prior, where the statistic is least.
            :func:`epps_pulley_error` with the same ``knots`` and ``reach=5`` bounds it for given projections.

    Source: Balestriero & LeCun, arXiv 2511.08544, Section 5.
    """

    normalised: ClassVar[bool] = False

    def __init__(self, *, weight: float = 0.05, slices: int = 64, knots: int = _AUTHORS_KNOTS) -> None:
        super().__init__()
        self.weight = unit_interval("weight", weight)
        self.slices = positive_integer("slices", slices)
        _rule(knots, _AUTHORS_REACH)
        self.knots = knots

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
        directions = unit_directions(z.shape[1], self.slices, z, generator)
        # Two views lie at equal distance from their mean: half of their own.
        prediction = (z - z_prime).square().mean() / 4
        own, other = (
            epps_pulley(view @ directions, knots=self.knots, reach=_AUTHORS_REACH).mean() for view in (z, z_prime)
        )
        match = (own + other) / 2
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
