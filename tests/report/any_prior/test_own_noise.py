"""The dual with noise in the target's own coordinates: against its formula written out, and for what minimises it."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from noisedim.channel import NoisyChannel
from noisedim.priors import BoxPrior, GaussianPrior
from noisedim.report.any_prior.own_noise import OwnNoise
from noisedim.report.any_prior.plan import target_prior


def latents(n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((n, 2), generator=generator, dtype=torch.float64)


def written_out(objective, u, u_prime, level, seed):
    """Loops over pairs, with the same noise."""
    z, z_prime = (objective.target.from_normal(own).numpy() for own in (u, u_prime))
    reference = objective.reference.numpy()
    sigma = level * math.sqrt(reference.var(0, ddof=1).mean())
    noise = torch.randn((1, *u.shape), generator=torch.Generator().manual_seed(seed), dtype=u.dtype).numpy()[0]
    terms = []
    for i, centre in enumerate(z):
        y = centre + sigma * noise[i]
        log_q = logsumexp([-np.sum((y - r) ** 2) / (2 * sigma**2) for r in reference]) - math.log(len(reference))
        terms += [-np.sum((y - other) ** 2) / (2 * sigma**2) - log_q for j, other in enumerate(z) if j != i]
    alignment = np.mean(np.sum((z - z_prime) ** 2, 1)) / (2 * sigma**2)
    return alignment + logsumexp(terms) - math.log(len(terms))


@pytest.mark.parametrize("name", ["normal", "gamma-beta", "disc"])
def test_is_its_formula(name):
    objective = OwnNoise(target_prior(name), reference=30, seed=3)
    u, u_prime = latents(12), latents(12, seed=1)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.4)
    value = objective(u, u_prime, channel, generator=torch.Generator().manual_seed(5))
    assert float(value.loss) == pytest.approx(written_out(objective, u, u_prime, 0.4, 5), rel=1e-6)
    assert math.isnan(value.bound)


def test_an_embedding_of_the_target_is_near_the_optimum_and_a_wrong_law_is_not():
    """With equal views the loss is D₂(Y ‖ q) alone: about 0 for the target's own law, clearly above it for another."""
    objective = OwnNoise(BoxPrior([0.0, 0.0], [1.0, 1.0]), reference=4000)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5)
    u = latents(600)
    own, narrow = (
        float(objective(scale * u, scale * u, channel, generator=torch.Generator().manual_seed(0)).loss)
        for scale in (1.0, 0.3)
    )
    assert own == pytest.approx(0, abs=0.05)
    assert narrow > 0.2


def test_gradients_reach_the_embedding():
    objective = OwnNoise(target_prior("gamma-beta"), reference=50)
    u = latents(8).requires_grad_()
    objective(u, u.detach() + 0.1, NoisyChannel(GaussianPrior(2), sigma=0.3)).loss.backward()
    assert torch.isfinite(u.grad).all()
    assert u.grad.abs().sum() > 0
