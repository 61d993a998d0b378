"""Losses on two views' features as objectives: what SimCLR, VICReg, Barlow Twins and their kin have in common.

Each loss is a function of two views' features (n, k), row i of both from one image, as its authors define it. None
knows the channel: :class:`Siamese` gives them the encoder's raw output, through a projector if there is one.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, final

import torch
from torch import nn

from noisedim.channel import NoisyChannel
from noisedim.checks import embedding_tensor
from noisedim.errors import InvalidInputError
from noisedim.nets import projector
from noisedim.objectives.interface import Objective, ObjectiveValue
from noisedim.objectives.method import Method, Preset, Settings

__all__ = ["Siamese", "SiameseLoss", "check_views", "off_diagonal_squares", "siamese_method", "unit_rows"]

SiameseLoss = Callable[[torch.Tensor, torch.Tensor, torch.Generator | None], torch.Tensor]


def check_views(a: torch.Tensor, b: torch.Tensor) -> None:
    """Refuse two views' features that are not (n, k) each, n >= 2, one row per image."""
    embedding_tensor("a", a, minimum_rows=2, examine_values=False)
    embedding_tensor("b", b, dim=a.shape[1], minimum_rows=2, examine_values=False)
    if len(a) != len(b):
        raise InvalidInputError(f"a and b must have one row per image each; got {len(a)} and {len(b)}")


def off_diagonal_squares(matrix: torch.Tensor) -> torch.Tensor:
    """Sum of the squares of a matrix's entries off its diagonal, 0-d."""
    return matrix.square().sum() - matrix.diagonal().square().sum()


def unit_rows(rows: torch.Tensor) -> torch.Tensor:
    """Rows (n, k) brought to length 1; those shorter than 1e-12 become 0 and have no gradient, instead of one of 1e12."""
    lengths = rows.norm(dim=1, keepdim=True)
    return rows / lengths.masked_fill(lengths < 1e-12, math.inf)


@final
class Siamese(Objective):
    """A loss on two views' features as an objective: the encoder's raw output, through ``projector`` if there is one.

    The embedding is what the projector takes, as its authors use it downstream.

    Args:
        loss: a function of both views' features and the generator, 0-d.
        projector: module (n, d) to (n, k); both views pass it as one batch.
    """

    normalised: ClassVar[bool] = False

    def __init__(self, loss: SiameseLoss, projector: nn.Module | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.projector = nn.Identity() if projector is None else projector

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        a, b = self.projector(torch.cat([z, z_prime])).chunk(2)
        return ObjectiveValue.without_bound(self.loss(a, b, generator))


def siamese_method(*, words: str, loss: Callable[[float], SiameseLoss], **fields: Any) -> Method:
    """The method of a loss on two views' features, with a projector.

    Args:
        words: its name in tables.
        loss: from the value of its main hyper-parameter.
        fields: the others of :class:`~noisedim.objectives.method.Method`.
    """

    def build(settings: Settings) -> Siamese:
        head = projector(settings.dim, settings.features) if settings.features else None
        return Siamese(loss(settings.strength), head)

    return Method(build=build, presets=(Preset(fields["name"], words),), projects=True, takes_noise=True, **fields)
