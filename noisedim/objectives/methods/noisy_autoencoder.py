"""Reconstruction of an image from its noisy embedding, as a bound on the information between both."""

import math
from typing import ClassVar, final

import torch

from noisedim.nets import decoder
from noisedim.objectives.autoencoder import Autoencoder
from noisedim.objectives.interface import ObjectiveValue
from noisedim.objectives.method import Method

__all__ = ["METHOD", "NoisyAutoencoder"]


@final
class NoisyAutoencoder(Autoencoder):
    r"""Reconstruction from Y = f(X) + Z as infomax: minus the lower bound on I(X; Y), up to the unknown h(X).

    .. math:: \mathcal L = \tfrac D2 \log\Bigl(2\pi e\, \mathbb E\|X - \hat X(Y)\|^2 / D\Bigr)

    D is the number of pixels, and I(X; Y) ≥ h(X) − L. It is the Gaussian decoder whose variance, one for all pixels, is
    always the best one. The channel bounds the same information by its capacity from above, and reaches it only if f(X)
    follows the prior. h(X) is not known, so no bound is estimated: differences of L between noise levels are free of it.

    Args:
        decoder: see :class:`Autoencoder`.

    Source: arXiv 2410.06993, Section 4, corrected (E5): the last term is (D/2) log of the error a coordinate.
    """

    through_channel: ClassVar[bool] = True

    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        pixels = images[0].numel()
        error = (self.decode(codes) - images).square().mean()
        return ObjectiveValue.without_bound(pixels / 2 * (math.log(2 * math.pi * math.e) + error.log()))


METHOD = Method(
    name="autoencoder",
    build=lambda settings: NoisyAutoencoder(decoder(settings.dim, settings.shape)),
    injects_noise=True,
)
