"""Autoencoders that match a prior: by noise injection, variational, Wasserstein by a kernel or by slices.

They see one view and its image, not two views: ``objective(codes, images)``. The decoder gives logits of pixels.
"""

import math
from abc import abstractmethod
from typing import ClassVar, Literal, final, get_args

import torch
from torch import nn
from torch.nn import functional

from noisedim.checks import one_of, positive, positive_integer
from noisedim.errors import InvalidInputError
from noisedim.objectives.matching import imq_mmd, sliced_w2, unit_directions
from noisedim.objectives.value import ObjectiveValue

__all__ = ["Autoencoder", "NoisyAutoencoder", "Variational", "Wasserstein", "gaussian_kl"]


class Autoencoder(nn.Module):
    """An objective on codes and the images they came from.

    Args:
        decoder: (n, d) to logits of pixels, (n, *shape).
    """

    outputs_a_dimension: ClassVar[int] = 1
    """What the encoder puts out for each coordinate of the embedding; the embedding comes first."""
    through_channel: ClassVar[bool] = False
    """Whether the codes are the channel's output, normalised and noisy, instead of the encoder's."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    @abstractmethod
    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        """Loss for one batch: codes (n, d · ``outputs_a_dimension``), images (n, *shape) in [0, 1]."""

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Images (n, *shape) in [0, 1] of what the decoder is trained to see, (n, d)."""
        return torch.sigmoid(self.decoder(codes))

    def draw(self, codes: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """What the decoder sees of ``codes``, (n, d): the codes, unless the method draws them from a posterior."""
        return codes


def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    r"""KL(N(μ, diag e^v) ‖ N(0, I)) of each row, nats: :math:`\tfrac12\sum_i(\mu_i^2 + e^{v_i} - 1 - v_i)`; (n,).

    Source: Kingma & Welling, arXiv 1312.6114, Appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


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


@final
class Variational(Autoencoder):
    """The variational autoencoder with Bernoulli pixels: minus the evidence lower bound, with β on its KL term.

    The encoder's first d outputs are the posterior's means, which serve as the embedding; the others its
    log-variances. What is drawn to N(0, I) is the mixture of the posteriors, not the law of their means.

    Args:
        decoder: see :class:`Autoencoder`.
        beta: 1 for the VAE, larger for the β-VAE.

    Source: Kingma & Welling, arXiv 1312.6114; Higgins et al. (2017), ICLR, eq. (4).
    """

    outputs_a_dimension: ClassVar[int] = 2

    def __init__(self, decoder: nn.Module, *, beta: float = 1.0) -> None:
        super().__init__(decoder)
        self.beta = positive("beta", beta)

    def draw(self, codes: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
        """One draw of each row's posterior, (n, d)."""
        mean, log_variance = codes.chunk(2, dim=1)
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
        return mean + (log_variance / 2).exp() * noise

    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        if codes.shape[1] % 2:
            raise InvalidInputError(f"codes must hold means and log-variances, an even number; got {codes.shape[1]}")
        mean, log_variance = codes.chunk(2, dim=1)
        logits = self.decoder(self.draw(codes, generator=generator))
        pixels = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        return ObjectiveValue.without_bound(pixels + self.beta * gaussian_kl(mean, log_variance).mean())


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
