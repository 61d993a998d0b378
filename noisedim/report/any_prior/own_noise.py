"""The dual with noise in a target prior's own coordinates, which the study compares with mapping afterwards."""

import math
from typing import final

import torch

from noisedim.channel import NoisyChannel
from noisedim.objectives import Objective, ObjectiveValue
from noisedim.priors import Prior
from noisedim.streams import stream

__all__ = ["OwnNoise"]


@final
class OwnNoise(Objective):
    r"""The dual for noise Z ~ N(0, s²I) in the coordinates of ``target``; takes latents, as the channel of N(0, I) has them.

    With q the law of target + Z, and Y = f(X) + Z,

    .. math:: I(f(X'); Y) + \mathbb E \log q(Y) \le -h(Z)

    with equality only for Y ~ q, for any density, without a constraint on f: Lemma 3.1 and KL(Y ‖ q) ≥ 0. Its dual is that
    of Theorem 4.1 with q in place of the normal law: the alignment of the views, plus log E φ(Y − f(X₂))/q(Y), which is the
    Rényi divergence D₂(Y ‖ q). Here q is the mean over draws of the target.

    Args:
        target: the prior; its bijection from N(0, I) makes embeddings of the latents.
        draws: of the noise, for each image.
        reference: draws of the target that q is the mean over.
        seed: of those draws.

    s is the channel's level times the target's mean standard deviation, estimated from the same draws.
    """

    def __init__(self, target: Prior, *, draws: int = 1, reference: int = 512, seed: int = 0) -> None:
        super().__init__()
        self.target = target
        self.draws = draws
        self.reference = target.sample(reference, generator=stream(seed, "reference sample"))
        self.scale = float(self.reference.var(0).mean().sqrt())

    def forward(
        self,
        z: torch.Tensor,
        z_prime: torch.Tensor,
        channel: NoisyChannel,
        *,
        generator: torch.Generator | None = None,
        estimate: bool = True,
    ) -> ObjectiveValue:
        """The loss of latents (n, d) of both views, nats up to a constant; it estimates no information."""
        own, other = self.target.from_normal(torch.cat([z, z_prime])).chunk(2)
        n, dim = own.shape
        sigma = channel.level * self.scale
        noise = torch.randn((self.draws, n, dim), generator=generator, dtype=own.dtype)
        y = (own + sigma * noise).reshape(-1, dim)
        squares = torch.cdist(y, torch.cat([own, self.reference])).square() / (-2 * sigma**2)
        near, reference = squares[:, :n], squares[:, n:]
        log_q = torch.logsumexp(reference, 1) - math.log(len(self.reference))
        pairs = (near - log_q[:, None]).reshape(self.draws, n, n)
        pairs = pairs.masked_fill(torch.eye(n, dtype=torch.bool), -math.inf)
        divergence = torch.logsumexp(pairs.flatten(), 0) - math.log(self.draws * n * (n - 1))
        return ObjectiveValue.without_bound((own - other).square().sum(1).mean() / (2 * sigma**2) + divergence)
