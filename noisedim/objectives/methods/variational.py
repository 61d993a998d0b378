"""The variational autoencoder and the β-VAE."""

import math
from typing import ClassVar, final

import torch
from torch import nn
from torch.nn import functional

from noisedim.channel import NoisyChannel
from noisedim.checks import positive
from noisedim.errors import InvalidInputError
from noisedim.nets import decoder
from noisedim.objectives.autoencoder import Autoencoder
from noisedim.objectives.interface import ObjectiveValue, in_single
from noisedim.objectives.method import Method, Preset
from noisedim.objectives.score_bounds import exp_with_tangent
from noisedim.precision import at_least_single

__all__ = ["METHOD", "Variational", "gaussian_kl"]


# Beyond it a variance goes on along its tangent, so that values and gradients stay finite.
_TANGENT_FROM = 30.0


@in_single
def gaussian_kl(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    r"""KL(N(μ, diag e^v) ‖ N(0, I)) of each row, nats: :math:`\tfrac12\sum_i(\mu_i^2 + e^{v_i} - 1 - v_i)`; (n,).

    Where v exceeds 30, e^v is replaced by its tangent there.

    Source: Kingma & Welling, arXiv 1312.6114, Appendix B.
    """
    return (mean.square() + exp_with_tangent(log_variance, _TANGENT_FROM) - 1 - log_variance).sum(1) / 2


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
        # A deviation whose square the dtype holds; of float32 and more it is e^15.
        largest = min(_TANGENT_FROM, math.log(torch.finfo(mean.dtype).max))
        return mean + (log_variance.clamp(max=largest) / 2).exp() * noise

    def information_at_most(self, codes: torch.Tensor, channel: NoisyChannel) -> float:
        """The mean divergence of the posteriors from the prior."""
        return float(gaussian_kl(*codes.chunk(2, dim=1)).double().mean())

    def forward(
        self, codes: torch.Tensor, images: torch.Tensor, *, generator: torch.Generator | None = None
    ) -> ObjectiveValue:
        if codes.shape[1] % 2:
            raise InvalidInputError(f"codes must hold means and log-variances, an even number; got {codes.shape[1]}")
        mean, log_variance = codes.chunk(2, dim=1)
        logits = at_least_single(self.decoder(self.draw(codes, generator=generator)))
        images = at_least_single(images)
        pixels = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        return ObjectiveValue.without_bound(pixels + self.beta * gaussian_kl(mean, log_variance).mean())


METHOD = Method(
    name="vae",
    build=lambda settings: Variational(decoder(settings.dim, settings.shape), beta=settings.strength),
    strength="beta",
    default=1.0,
    outputs_a_dimension=Variational.outputs_a_dimension,
    presets=(
        # β = 1 is what makes it a VAE.
        Preset("vae", "VAE"),
        Preset("beta-vae", "β-VAE", options={"strength": 4.0}),
    ),
    references=("vae",),
)
