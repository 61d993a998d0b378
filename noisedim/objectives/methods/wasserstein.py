"""Wasserstein autoencoders: squared error of the images plus a distance of the codes from draws of the prior."""

from typing import Literal, final, get_args

import torch
from torch import nn

from noisedim.checks import embedding_tensor, one_of, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.nets import decoder
from noisedim.objectives.autoencoder import Autoencoder
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.interface import ObjectiveValue, in_single
from noisedim.objectives.method import Method, Preset

__all__ = ["SLICED", "WAE_MMD", "Wasserstein", "imq_mmd", "sliced_w2"]


@in_single
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


@in_single
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
class Wasserstein(Autoencoder):
    """The Wasserstein autoencoder: squared error of the images plus a distance of the codes from the prior's draws.

    Args:
        decoder: see :class:`Autoencoder`; a sigmoid takes its logits to pixels.
        distance: ``"mmd"`` (inverse multiquadric kernel) or ``"sliced"`` (squared sliced W₂).
        weight: λ > 0; 10 as in WAE's experiments on MNIST.
        slices: random directions a step, for ``"sliced"``.

    Source: Tolstikhin et al., arXiv 1711.01558, Algorithm 2; Kolouri et al., arXiv 1804.01947, Algorithm 1.
    """

    Distance = Literal["mmd", "sliced"]

    def __init__(
        self, decoder: nn.Module, *, distance: Distance = "mmd", weight: float = 10.0, slices: int = 50
    ) -> None:
        super().__init__(decoder)
        self.distance = one_of("distance", distance, get_args(self.Distance))
        self.weight = positive("weight", weight)
        self.slices = positive_integer("slices", slices)

    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        error = (self.decode(codes) - images).square().sum() / len(images)
        sample = torch.randn(codes.shape, generator=generator, dtype=codes.dtype, device=codes.device)
        if self.distance == "mmd":
            distance = imq_mmd(codes, sample)
        else:
            distance = sliced_w2(codes, sample, unit_directions(codes.shape[1], self.slices, codes, generator))
        return ObjectiveValue.without_bound(error + self.weight * distance)


WAE_MMD = Method(
    name="wae-mmd",
    build=lambda settings: Wasserstein(decoder(settings.dim, settings.shape), weight=settings.strength),
    strength="lambda",
    default=10.0,
    presets=(Preset("wae-mmd", "WAE-MMD"),),
    references=("wae",),
)
SLICED = Method(
    name="swae",
    build=lambda settings: Wasserstein(
        decoder(settings.dim, settings.shape), distance="sliced", weight=settings.strength
    ),
    strength="lambda",
    default=10.0,
    presets=(Preset("swae", "sliced Wasserstein autoencoder"),),
    references=("swae",),
)
