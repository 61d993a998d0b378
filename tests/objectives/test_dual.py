"""The closed-form dual against sampling, closed forms and its own certificate."""

import math

import pytest
import torch

from noisedim import bounds
from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.objectives import Dual, dual_bound
from noisedim.priors import GaussianPrior, UniformPrior


def gaussian_pair(n, d, rho, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=g, dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * torch.randn(n, d, generator=g, dtype=torch.float64)


def test_is_theorem_4_1_with_the_noise_integrated_out():
    # Fixed embeddings, many noise draws: log-mean over draws and pairs of e^T* must approach the kernel's value.
    n, sigma, draws = 40, 0.8, 3000
    z, z_prime = gaussian_pair(n, 2, 0.9)
    g = torch.Generator().manual_seed(1)
    total, positives = [], []
    off = ~torch.eye(n, dtype=torch.bool)
    for _ in range(draws):
        y = z + sigma * torch.randn(n, 2, generator=g, dtype=torch.float64)
        scores = bounds.gaussian_dual_critic(z_prime, y, sigma)
        positives.append(scores.diagonal().mean())
        total.append(torch.logsumexp(scores[off], 0) - math.log(n * (n - 1)))
    sampled_positive = torch.stack(positives).mean()
    sampled = sampled_positive - (torch.logsumexp(torch.stack(total), 0) - math.log(draws))
    value = dual_bound(z, z_prime, GaussianPrior(2), sigma)
    # The spread of the two log-means over 3,000 draws is below 0.01; 0.06 is six of those.
    assert float(value.bound) == pytest.approx(float(sampled), abs=0.06)


@pytest.mark.parametrize("rho", [0.5, 0.9, 1.0])
def test_never_above_the_true_information(rho):
    n, d, sigma = 3000, 2, 1.0
    value = dual_bound(*gaussian_pair(n, d, rho), GaussianPrior(d), sigma)
    truth = bounds.correlated_gaussian_information(d, sigma, rho)
    # n² pairs: standard error under 0.02.
    assert float(value.bound) < truth + 0.1
    if rho == 1.0:
        assert float(value.bound) == pytest.approx(truth, abs=0.1)


def test_pairs_of_clean_views_train_on_the_law_of_f_alone():
    z, z_prime = gaussian_pair(50, 2, 0.7)
    clean, cross = (dual_bound(z, z_prime, GaussianPrior(2), 0.5, pairs=p) for p in ("clean", "cross"))
    assert float(clean.bound) == pytest.approx(float(cross.bound), rel=1e-12)
    same = dual_bound(z, z, GaussianPrior(2), 0.5)
    alignment = (z - z_prime).square().sum(1).mean() / (2 * 0.25)
    assert clean.loss.item() == pytest.approx((same.loss + alignment).item(), rel=1e-12)


def test_capacity_minus_bound_exceeds_the_divergence_of_a_collapsed_law():
    # Rademacher coordinates, X = X′: KL(f(X)+Z ‖ N) is positive and C − J must exceed it.
    g = torch.Generator().manual_seed(0)
    z = torch.randint(0, 2, (2000, 1), generator=g).double() * 2 - 1
    sigma = 0.3
    value = dual_bound(z, z, GaussianPrior(1), sigma)
    capacity = bounds.gaussian_capacity(1, sigma)
    # X = X′, so KL = C − I with I ≤ log 2.
    assert capacity - float(value.bound) > capacity - math.log(2) > 0.4


@pytest.mark.parametrize("prior", [GaussianPrior(3), UniformPrior(3)], ids=repr)
@pytest.mark.parametrize("level", [1e-4, 0.05, 5.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_gradients_are_finite_at_any_level(prior, level, dtype):
    z = prior.sample(16, generator=torch.Generator().manual_seed(0), dtype=dtype).requires_grad_()
    for pairs in ("clean", "cross"):
        value = dual_bound(z, z.detach().flip(0), prior, level, pairs=pairs)
        (gradient,) = torch.autograd.grad(value.loss, z)
        assert torch.isfinite(value.loss)
        assert torch.isfinite(gradient).all()


def test_uniform_prior_bounds_nothing_and_says_so():
    z = UniformPrior(2).sample(16, generator=torch.Generator().manual_seed(0))
    assert math.isnan(float(dual_bound(z, z, UniformPrior(2), 0.1).bound))


def test_ceiling_is_capacity_or_what_pairs_can_show():
    z = torch.randn(10, 16, generator=torch.Generator().manual_seed(0))
    assert dual_bound(z, z, GaussianPrior(16), 0.01).ceiling == pytest.approx(math.log(90))
    assert dual_bound(z, z, GaussianPrior(16), 5.0).ceiling == pytest.approx(bounds.gaussian_capacity(16, 5.0))


def test_module_asks_the_channel():
    z, z_prime = gaussian_pair(20, 2, 0.9)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.4)
    assert torch.equal(
        Dual(pairs="cross")(z, z_prime, channel).loss, dual_bound(z, z_prime, GaussianPrior(2), 0.4).loss
    )
    assert not list(Dual().parameters())


def test_training_a_map_reaches_the_prior():
    # A two-parameter map of uniform noise under the dual alone, X = X′: started as uniform (fourth moment 1.8), it can
    # come close to the normal (3), and logistic (4.2) is within its reach too.
    g = torch.Generator().manual_seed(0)
    weights = torch.nn.Parameter(torch.tensor([0.02, 1.0]))
    channel = NoisyChannel(GaussianPrior(1), sigma=0.3)
    optimizer = torch.optim.Adam([weights], lr=0.02)

    def points(n):
        u = torch.rand(n, 1, generator=g).clamp(1e-6, 1 - 1e-6)
        return weights[0] * torch.logit(u) + weights[1] * (u - 0.5)

    def fourth_moment():
        with torch.no_grad():
            return channel.normalise(points(50_000)).pow(4).mean().item()

    assert fourth_moment() < 2
    for _ in range(400):
        z = channel.normalise(points(256))
        value = Dual()(z, z, channel)
        optimizer.zero_grad()
        value.loss.backward()
        optimizer.step()
    assert abs(fourth_moment() - 3) < 0.4


def test_bad_input():
    z = torch.zeros(4, 2)
    with pytest.raises(InvalidInputError, match="one row per image each; got 4 and 3"):
        dual_bound(z, z[:3], GaussianPrior(2), 0.1)
    with pytest.raises(InvalidInputError, match=r"z must have shape \(n, 3\)"):
        dual_bound(z, z, GaussianPrior(3), 0.1)
    with pytest.raises(InvalidInputError, match="pairs must be one of 'cross', 'clean'; got 'all'"):
        Dual(pairs="all")
