"""The closed-form dual against sampling, closed forms and its own certificate."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim import bounds
from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.objectives import Dual, dual_bound
from noisedim.priors import BoxPrior, GaussianPrior, SpherePrior, UniformPrior


def gaussian_pair(n, d, rho, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=g, dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * torch.randn(n, d, generator=g, dtype=torch.float64)


def test_is_theorem_4_1_with_the_noise_integrated_out():
    # Fixed embeddings, many noise draws. Loss: the log-mean over draws and pairs of e^T* must approach the kernel's value.
    # Bound: the log-mean over draws and f(X′), of each noisy row by itself.
    n, sigma, draws = 16, 0.8, 3000
    z, z_prime = gaussian_pair(n, 2, 0.9)
    g = torch.Generator().manual_seed(1)
    total, positives, rows = [], [], []
    off = ~torch.eye(n, dtype=torch.bool)
    for _ in range(draws):
        y = z + sigma * torch.randn(n, 2, generator=g, dtype=torch.float64)
        scores = bounds.gaussian_dual_critic(z_prime, y, sigma)
        positives.append(scores.diagonal().mean())
        total.append(torch.logsumexp(scores[off], 0) - math.log(n * (n - 1)))
        rows.append(torch.logsumexp(scores, 0) - math.log(n))
    sampled_positive = torch.stack(positives).mean()
    sampled = sampled_positive - (torch.logsumexp(torch.stack(total), 0) - math.log(draws))
    sampled_rows = sampled_positive - (torch.logsumexp(torch.stack(rows), 0) - math.log(draws)).mean()
    value = dual_bound(z, z_prime, GaussianPrior(2), sigma)
    # The loss is −J for E‖f(X)‖² = d, which these rows have up to this.
    excess = float(z.square().sum(1).mean() - 2) / (2 * (1 + sigma**2))
    # The spread of the two log-means over 3,000 draws is below 0.01; 0.06 is six of those.
    assert -float(value.loss) + excess == pytest.approx(float(sampled), abs=0.06)
    assert float(value.bound) == pytest.approx(float(sampled_rows), abs=0.06)
    # Negative control: the two differ by nearly twice that, as the loss does not count i = j.
    assert abs(float(sampled) - float(sampled_rows)) > 0.11


@pytest.mark.slow
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


def uniform_rows(z, z_prime, epsilon, eta):
    """The leaky row-wise dual by loops, as mathematics has it: nats."""
    w = 2 * epsilon
    total = 0.0
    for own, twin in zip(z.tolist(), z_prime.tolist(), strict=True):
        for a, b in zip(own, twin, strict=True):
            q = max(0.0, 1 - abs(a - b) / w)
            total += q * math.log(1 + (1 - eta) * (1 + w) / (w * eta)) + math.log(eta)
        products = []
        for other in z_prime.tolist():
            factors = [
                eta + (1 - eta) * (1 + w) * max(0.0, w - abs(a - b)) / w**2 for a, b in zip(own, other, strict=True)
            ]
            products.append(math.prod(factors))
        total -= math.log(sum(products) / len(products))
    return total / len(z)


def test_uniform_prior_reports_the_leaky_dual_each_half_with_the_others_leakage():
    g = torch.Generator().manual_seed(0)
    z = torch.rand(13, 2, generator=g, dtype=torch.float64)
    z_prime = (z + 0.06 * torch.randn(13, 2, generator=g)).clamp(0, 1)
    value = dual_bound(z, z_prime, UniformPrior(2), 0.1)
    halves = (z[:6], z_prime[:6]), (z[6:], z_prime[6:])
    leakages = np.geomspace(1e-3, 1, 25)
    expected, chosen = 0.0, []
    for own, other in (halves, halves[::-1]):
        chosen.append(max(leakages, key=lambda eta: uniform_rows(*other, 0.1, eta)))
        expected += uniform_rows(*own, 0.1, chosen[-1]) / 2
    assert float(value.bound) == pytest.approx(expected, rel=1e-9)
    assert value.ceiling == pytest.approx(min(bounds.uniform_capacity(2, 0.1), math.log(6.5)))
    # The choice matters here: it is neither end of the list.
    assert all(0.001 < eta < 1 for eta in chosen)
    assert float(dual_bound(z, z_prime.flip(0), UniformPrior(2), 0.1).bound) == pytest.approx(0, abs=0.2)


PRIORS = (GaussianPrior(2), UniformPrior(2), SpherePrior(2), BoxPrior([0.0, -1.0], [2.0, 1.0]))


@pytest.mark.slow
@given(
    prior=st.sampled_from(PRIORS),
    level=st.floats(1e-3, 10.0),
    rows=st.integers(2, 24),
    spread=st.sampled_from([0.0, 0.01, 0.3, 1.0, 30.0]),
    apart=st.sampled_from([0.0, 1e-3, 0.1, 3.0]),
    repeated=st.booleans(),
    pairs=st.sampled_from(["clean", "cross"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_is_reported_is_at_most_the_log_of_the_rows(prior, level, rows, spread, apart, repeated, pairs, seed):
    g = torch.Generator().manual_seed(seed)
    z = spread * torch.randn(rows, 2, generator=g, dtype=torch.float64)
    if repeated:
        z = z[:1].expand(rows, 2)
    z_prime = z + apart * torch.randn(rows, 2, generator=g, dtype=torch.float64)
    if prior.level_name == "epsilon":
        z, z_prime = torch.special.ndtr(z), torch.special.ndtr(z_prime)
    value = dual_bound(z, z_prime, prior, level, pairs=pairs)
    # Sums of terms up to about ‖z‖²/σ² lose the last digits of those.
    rounding = 1e-13 * float(z.square().sum(1).max() + z_prime.square().sum(1).max()) / level**2
    assert math.isfinite(float(value.bound))
    assert float(value.bound) <= math.log(rows) + 1e-9 + rounding
    if prior.level_name == "epsilon":
        assert float(value.bound) <= math.log(rows / 2) + 1e-9


def test_the_estimate_over_pairs_would_be_no_bound():
    """Negative control of the property: what was reported once, at a capacity of 14 nats, and what is reported now."""
    sigma = bounds.sigma_for_capacity(2, 14.0)
    z = torch.randn(64, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    value = dual_bound(z, z, GaussianPrior(2), sigma, pairs="cross")
    assert -float(value.loss) > 100
    assert float(value.bound) <= math.log(64)
    assert value.ceiling == pytest.approx(math.log(64))


def test_half_precision_does_not_lift_it():
    z = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    for sigma in (1e-3, 0.03):
        channel = NoisyChannel(GaussianPrior(2), sigma=sigma, warn=False)
        single, half = Dual()(z, z, channel).bound, Dual()(z.half(), z.half(), channel).bound
        assert single.dtype == half.dtype == torch.float32
        assert max(float(single), float(half)) <= math.log(64)


def test_ceiling_is_capacity_or_what_rows_can_show():
    z = torch.randn(10, 16, generator=torch.Generator().manual_seed(0))
    assert dual_bound(z, z, GaussianPrior(16), 0.01).ceiling == pytest.approx(math.log(10))
    assert dual_bound(z, z, GaussianPrior(16), 5.0).ceiling == pytest.approx(bounds.gaussian_capacity(16, 5.0))


def test_without_an_estimate_the_loss_is_the_same():
    z, z_prime = gaussian_pair(20, 2, 0.9)
    for prior, own, other in (
        (GaussianPrior(2), z, z_prime),
        (UniformPrior(2), torch.special.ndtr(z), torch.special.ndtr(z_prime)),
    ):
        plain, fast = (dual_bound(own, other, prior, 0.3, estimate=estimate) for estimate in (True, False))
        assert torch.equal(plain.loss, fast.loss)
        assert math.isnan(float(fast.bound))


def test_module_asks_the_channel():
    z, z_prime = gaussian_pair(20, 2, 0.9)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.4)
    assert torch.equal(
        Dual(pairs="cross")(z, z_prime, channel).loss, dual_bound(z, z_prime, GaussianPrior(2), 0.4).loss
    )
    assert not list(Dual().parameters())


@pytest.mark.slow
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


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("prior", [GaussianPrior(2), UniformPrior(2), SpherePrior(2)], ids=repr)
def test_too_few_rows_are_what_is_refused(rows, prior):
    z, channel = torch.rand(8, 2), NoisyChannel(prior, capacity=8.0)
    with pytest.raises(InvalidInputError, match=f"z must have at least 2 rows; got {rows}"):
        Dual()(z[:rows], z[:rows], channel)
    # The one warning of the channel's life is left for a batch.
    with pytest.warns(UserWarning, match="a batch of 8 rows can see"):
        Dual()(z, z, channel)
