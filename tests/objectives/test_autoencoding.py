"""Autoencoders' losses from torch.distributions and from their parts."""

import math

import pytest
import torch
from torch import distributions

from noisedim.errors import InvalidInputError
from noisedim.nets import decoder
from noisedim.objectives import NoisyAutoencoder, Variational, Wasserstein
from noisedim.objectives.directions import unit_directions
from noisedim.objectives.methods.variational import gaussian_kl
from noisedim.objectives.methods.wasserstein import imq_mmd, sliced_w2

SHAPE = (1, 4, 4)


@pytest.fixture
def parts():
    torch.manual_seed(0)
    network = decoder(2, SHAPE, hidden=8).double()
    g = torch.Generator().manual_seed(1)
    codes = torch.randn(12, 4, generator=g, dtype=torch.float64)
    return network, codes, torch.rand(12, *SHAPE, generator=g, dtype=torch.float64)


def test_kl_by_torch(parts):
    _, codes, _ = parts
    mean, log_variance = codes.chunk(2, dim=1)
    posterior = distributions.Normal(mean, (log_variance / 2).exp())
    expected = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(gaussian_kl(mean, log_variance), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_elbo_from_distributions(parts, beta):
    network, codes, images = parts
    value = Variational(network, beta=beta)(codes, images, generator=torch.Generator().manual_seed(2))
    mean, log_variance = codes.chunk(2, dim=1)
    noise = torch.randn(12, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    logits = network(mean + log_variance.exp().sqrt() * noise)
    # Grey pixels are no outcomes of a Bernoulli law; its logarithm is linear in them.
    law = distributions.Bernoulli(logits=logits, validate_args=False)
    posterior = distributions.Normal(mean, (log_variance / 2).exp())
    elbo = (
        law.log_prob(images).sum() / 12
        - beta * distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0)).sum(1).mean()
    )
    assert value.loss.item() == pytest.approx(-elbo.item(), rel=1e-9)


def test_noisy_autoencoder_is_the_best_gaussian_decoder(parts):
    # Minus the mean log-density of the images under N(X̂, v·I), at the v that makes it greatest, found by a search.
    network, codes, images = parts
    codes = codes[:, :2]
    value = NoisyAutoencoder(network)(codes, images)
    made = torch.sigmoid(network(codes)).detach()

    def mean_log_density(v):
        return distributions.Normal(made, v**0.5).log_prob(images).sum().item() / 12

    best = max(mean_log_density(v) for v in torch.linspace(0.02, 0.4, 4000, dtype=torch.float64))
    assert value.loss.item() == pytest.approx(-best, rel=1e-6)
    assert math.isnan(value.bound.item())


@pytest.mark.parametrize("distance", ["mmd", "sliced"])
def test_wasserstein_from_its_parts(parts, distance):
    network, codes, images = parts
    codes = codes[:, :2]
    objective = Wasserstein(network, distance=distance, weight=3.0, slices=7)
    loss = objective(codes, images, generator=torch.Generator().manual_seed(2)).loss
    g = torch.Generator().manual_seed(2)
    draws = torch.randn(12, 2, generator=g, dtype=torch.float64)
    error = sum(((torch.sigmoid(out) - image) ** 2).sum() for out, image in zip(network(codes), images, strict=True))
    if distance == "mmd":
        match = imq_mmd(codes, draws)
    else:
        match = sliced_w2(codes, draws, unit_directions(2, 7, codes, g))
    assert loss.item() == pytest.approx((error / 12 + 3.0 * match).item(), rel=1e-9)


def test_bad_input(parts):
    network, codes, images = parts
    with pytest.raises(InvalidInputError, match="an even number; got 3"):
        Variational(network)(codes[:, :3], images)
    with pytest.raises(InvalidInputError, match="distance must be one of 'mmd', 'sliced'; got 'energy'"):
        Wasserstein(network, distance="energy")
