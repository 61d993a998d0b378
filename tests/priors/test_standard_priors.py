"""Priors against scipy's laws and the closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisedim.errors import InvalidInputError
from noisedim.priors import GaussianPrior, UniformPrior, make_prior, noise_level

PRIORS = [GaussianPrior(3), UniformPrior(3)]
LAWS = {"normal": stats.norm(), "uniform": stats.uniform()}
# Kolmogorov–Smirnov at this level fails a correct program once in a million runs of one assertion.
ALPHA = 1e-6


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_samples_follow_the_law(prior):
    z = prior.sample(4000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert z.shape == (4000, 3)
    for column in z.T.numpy():
        assert stats.kstest(column, LAWS[prior.name].cdf).pvalue > ALPHA


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_maps_are_inverse_and_lead_to_the_normal(prior):
    z = prior.sample(4000, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    normal = prior.to_normal(z)
    torch.testing.assert_close(prior.from_normal(normal), z, rtol=0, atol=1e-12)
    assert stats.kstest(normal[:, 0].numpy(), "norm").pvalue > ALPHA


def test_noise_laws_have_the_stated_scale():
    like = torch.zeros(4000, 1, dtype=torch.float64)
    gaussian = GaussianPrior(1).noise(like, 0.3, generator=torch.Generator().manual_seed(3)).numpy()[:, 0]
    uniform = UniformPrior(1).noise(like, 0.3, generator=torch.Generator().manual_seed(3)).numpy()[:, 0]
    assert stats.kstest(gaussian, stats.norm(0, 0.3).cdf).pvalue > ALPHA
    assert stats.kstest(uniform, stats.uniform(-0.3, 0.6).cdf).pvalue > ALPHA
    # Negative control: the same draw is not of another scale.
    assert stats.kstest(gaussian, stats.norm(0, 0.36).cdf).pvalue < ALPHA


@pytest.mark.parametrize(
    ("squash", "law"),
    [
        ("normal-cdf", stats.norm()),
        ("logistic", stats.logistic(scale=math.sqrt(3) / math.pi)),
        ("clip", stats.uniform(-math.sqrt(3), 2 * math.sqrt(3))),
    ],
)
def test_each_squash_makes_its_own_law_uniform(squash, law):
    raw = torch.from_numpy(5 + 2 * law.rvs((4000, 1), random_state=np.random.default_rng(4)))
    module = UniformPrior(1, squash=squash).normalisation().double()
    module.set_statistics(torch.tensor([[3.0], [7.0]]))  # mean 5, standard deviation 2
    assert stats.kstest(module.eval()(raw)[:, 0].detach().numpy(), "uniform").pvalue > ALPHA
    # Negative control: another law of the same moments does not become uniform.
    other = torch.from_numpy(5 + 2 * stats.laplace(scale=math.sqrt(0.5)).rvs((4000, 1), random_state=1))
    assert stats.kstest(module(other)[:, 0].detach().numpy(), "uniform").pvalue < ALPHA


@given(st.floats(0.05, 50.0))
@settings(max_examples=25, deadline=None)
def test_level_for_capacity_inverts_capacity(capacity):
    for prior in PRIORS:
        assert prior.capacity(prior.level_for_capacity(capacity)) == pytest.approx(capacity, rel=1e-12)
        assert prior.information(prior.level_for_capacity(capacity)) <= capacity * (1 + 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_log_mean_kernel_vanishes_at_the_prior(prior):
    # E κ(a, b) = 1 for independent a, b of the prior: exactly so for the Gaussian, approached as ε → 0 for the uniform.
    # (1−r²)^{-d} − 1 is the relative variance of one Gaussian pair, so 4,000² dependent pairs give a deviation of the
    # mean below about 0.02 at level 1; 0.1 is five of those.
    g = torch.Generator().manual_seed(4)
    a, b = (prior.sample(4000, generator=g, dtype=torch.float64) for _ in range(2))
    if prior.name == "normal":
        log_mean = torch.logsumexp(prior.log_dual_kernel(a, b, 1.0).flatten(), 0) - 2 * math.log(4000)
        assert abs(float(log_mean)) < 0.1
    else:
        # One coordinate's exact value: (1+2ε)/(2ε)²·E max(0, 2ε−|a−b|), with |a−b| of density 2(1−t).
        epsilon = 0.2
        t = np.linspace(0, 2 * epsilon, 200_001)
        exact = (1 + 2 * epsilon) / (2 * epsilon) ** 2 * np.trapezoid((2 * epsilon - t) * 2 * (1 - t), t)
        log_mean = torch.logsumexp(prior.log_dual_kernel(a, b, epsilon).flatten(), 0) - 2 * math.log(4000)
        assert float(log_mean) == pytest.approx(3 * math.log(exact), abs=0.1)
        assert 3 * math.log(exact) > 0.1  # and so the uniform law is not the kernel's optimum at this ε


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_normalisation_meets_the_constraint_of_the_theorem(prior):
    raw = 3 + 0.1 * torch.randn(512, 3, generator=torch.Generator().manual_seed(5))
    module = prior.normalisation().train()
    z = module(raw)
    if prior.name == "normal":
        torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
        torch.testing.assert_close(z.var(0, unbiased=False), torch.ones(3), atol=1e-4, rtol=0)
    else:
        assert float(z.min()) >= 0
        assert float(z.max()) <= 1
    module.set_statistics(raw)
    torch.testing.assert_close(module.eval()(raw), z, atol=1e-4, rtol=1e-3)


def test_choice_of_level():
    assert noise_level(GaussianPrior(2), sigma=0.3) == 0.3
    assert noise_level(UniformPrior(2), capacity=UniformPrior(2).capacity(0.05)) == pytest.approx(0.05)
    with pytest.raises(InvalidInputError, match=r"UniformPrior\(dim=2\) takes epsilon or capacity; got sigma=0.3"):
        noise_level(UniformPrior(2), sigma=0.3)
    with pytest.raises(InvalidInputError, match="exactly one of sigma, epsilon, capacity"):
        noise_level(GaussianPrior(2), sigma=0.3, capacity=1.0)
    with pytest.raises(InvalidInputError, match="out of float64's reach"):
        noise_level(GaussianPrior(1), capacity=1e5)


def test_names_and_equality():
    assert make_prior("normal", 2) == GaussianPrior(2) != GaussianPrior(3)
    assert GaussianPrior(2) != UniformPrior(2)
    with pytest.raises(InvalidInputError, match="prior must be one of 'normal', 'uniform'; got 'cauchy'"):
        make_prior("cauchy", 2)
    with pytest.raises(InvalidInputError, match="dim must be an integer >= 1; got 0"):
        GaussianPrior(0)
