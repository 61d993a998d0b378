r"""Noise for objectives that are not the paper's: what they see of an embedding becomes f(X) + Z.

Where it enters is one choice. By default it is the head's output in units of its own deviation, which is the paper's
channel Y = f(X) + Z with f the batch-standardised output, mapped back to the output's own units:

.. math:: y = m + s \odot \bigl((x - m) / s + Z\bigr) = x + s \odot Z

with m and s the batch's mean and deviation, coordinate by coordinate. The map is one to one, so it passes the channel's
information and no more; and at σ = 0 the objective sees x itself, which makes it exactly the method without noise.
"""

from typing import ClassVar, Literal, final, get_args

import torch

from noisedim.channel import NoisyChannel, batch_deviation
from noisedim.checks import one_of
from noisedim.errors import InvalidInputError
from noisedim.objectives.interface import BatchObjective, Objective, ObjectiveValue
from noisedim.objectives.siamese import unit_rows
from noisedim.precision import at_least_single

__all__ = ["NoiseOn", "NoisePlace", "NoisyViews", "with_noise"]

NoiseOn = Literal["none", "one", "both"]
NoisePlace = Literal["output", "standardised", "sphere"]


@final
class NoisyViews(Objective):
    """An objective on raw views, with the channel's noise added to what it sees.

    Args:
        objective: one that takes the encoder's raw output.
        on: ``one``: X's branch is noisy and X′'s clean, as in I(f(X′); f(X)+Z); ``both``: both are, independently.
        place: ``output`` (default): the raw output, in units of its batch deviation. ``standardised``: the objective
            sees the channel's standardised output with noise, so even without noise it is not the method that takes raw
            outputs. ``sphere``: rows are first brought to length √d, where cosines do not see the difference, and the
            noise is added there in units of their root mean square.

    Source: arXiv 2410.06993, Section 3 (the channel) and Table 1 (noise in SimCLR and VICReg; it does not say where).
    """

    normalised: ClassVar[bool] = False

    def __init__(self, objective: Objective, *, on: NoiseOn = "one", place: NoisePlace = "output") -> None:
        super().__init__()
        self.objective = objective
        self.on = one_of("on", on, ("one", "both"))
        self.place = one_of("place", place, get_args(NoisePlace))

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        views = torch.cat([z, z_prime])
        if self.place == "standardised":
            views = channel.normalise(views)
        elif self.place == "sphere":
            views = unit_rows(at_least_single(views)).to(views.dtype) * views.shape[1] ** 0.5
        y, y_prime = views.chunk(2)
        scale = batch_deviation(views) if self.place == "output" else 1.0
        y = y + scale * channel.prior.noise(y, channel.noise_level, generator=generator)
        if self.on == "both":
            y_prime = y_prime + scale * channel.prior.noise(y_prime, channel.noise_level, generator=generator)
        return self.objective(y, y_prime, channel, generator=generator, estimate=estimate)


def with_noise(objective: BatchObjective, *, on: NoiseOn, place: NoisePlace) -> NoisyViews:
    """``objective`` as :class:`NoisyViews`.

    Raises: InvalidInputError: for an objective that does not see two views.
    """
    if not isinstance(objective, Objective):
        raise InvalidInputError(f"noise is added to two views; {type(objective).__name__} sees one")
    return NoisyViews(objective, on=on, place=place)
