"""The bounded forms of the dual as objectives: their values by hand, their ceilings, what they learn, what is refused."""

import math

import numpy as np
import pytest
import torch

from noisedim.channel import NoisyChannel
from noisedim.errors import InvalidInputError
from noisedim.objectives import AdaptiveDual, LinearDual, RowDual, SIGReg, SlicedSIGReg
from noisedim.priors import GaussianPrior, SpherePrior, UniformPrior
from noisedim.theory import bounds

OBJECTIVES = [RowDual, LinearDual, AdaptiveDual, lambda: RowDual(adaptive=True), lambda: LinearDual(adaptive=True)]
CHANNELS = [
    NoisyChannel(GaussianPrior(3), sigma=0.3),
    NoisyChannel(UniformPrior(3), epsilon=0.1),
    NoisyChannel(SpherePrior(3), sigma=0.3),
]


def views(n: int, dim: int, noise: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    z = torch.randn(n, dim, generator=g, dtype=torch.float64)
    return z, z + noise * torch.randn(n, dim, generator=g, dtype=torch.float64)


def test_rows_are_infonce_with_the_noise_integrated_out():
    z, z_prime = views(6, 2, 0.3)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.7)
    value = RowDual(symmetric=False)(z, z_prime, channel)
    # Nodes of the noise by Gauss and Hermite: exact for what is exp of a quadratic this flat.
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    grid = torch.tensor(np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)) * 0.7
    mass = torch.tensor(np.outer(weights, weights).ravel())
    total = 0.0
    for i in range(6):
        scores = bounds.gaussian_dual_critic(z_prime, z[i] + grid, 0.7)
        total += float(scores[i] @ mass - (scores.exp() @ mass).mean().log()) / 6
    assert float(value.bound) == pytest.approx(total, rel=1e-9)
    assert float(value.loss) == pytest.approx(-total, rel=1e-9)


def test_the_symmetric_form_is_the_mean_of_both_directions():
    z, z_prime = views(8, 2, 0.3)
    for channel in (NoisyChannel(GaussianPrior(2), sigma=0.4), NoisyChannel(UniformPrior(2), epsilon=0.2)):
        if channel.prior.level_name == "epsilon":
            z, z_prime = z.sigmoid(), z_prime.sigmoid()
        forth, back = (RowDual(symmetric=False)(*pair, channel).loss for pair in ((z, z_prime), (z_prime, z)))
        assert float(RowDual()(z, z_prime, channel).loss) == pytest.approx(float(forth + back) / 2, rel=1e-12)


def test_the_linear_form_is_unbiased_whatever_the_batch():
    z, z_prime = views(40, 2, 0.2)
    channel = NoisyChannel(GaussianPrior(2), sigma=1.5)
    whole = LinearDual()(z, z_prime, channel).loss
    # Every pair of rows lies in as many of these parts as any other: the mean over all of them is the whole.
    parts = [LinearDual()(z[[i, j]], z_prime[[i, j]], channel).loss for i in range(40) for j in range(i)]
    assert float(torch.stack(parts).mean()) == pytest.approx(float(whole), rel=1e-9)


@pytest.mark.parametrize("make", OBJECTIVES)
@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: repr(c.prior))
@pytest.mark.parametrize("relation", ["equal", "near", "none", "doubled"])
def test_the_reported_bound_never_exceeds_its_ceiling(make, channel, relation):
    z, near = views(32, 3, 0.05)
    z_prime = {"equal": z, "near": near, "none": views(32, 3, 0.0, seed=9)[0], "doubled": z}[relation]
    if relation == "doubled":
        z, z_prime = z[:16].repeat(2, 1), z[:16].repeat(2, 1)
    if channel.prior.level_name == "epsilon":
        z, z_prime = z.sigmoid(), z_prime.sigmoid()
    for level in (1e-3, 0.03, 1.0):
        channel.level = level
        value = make()(z, z_prime, channel)
        assert value.ceiling == pytest.approx(min(channel.capacity, math.log(32)))
        assert float(value.bound) <= math.log(32) + 1e-9
        assert math.isfinite(float(value.bound))


@pytest.mark.parametrize("make", [RowDual, AdaptiveDual, lambda: RowDual(adaptive=True)])
@pytest.mark.parametrize("channel", CHANNELS[:2], ids=lambda c: repr(c.prior))
@pytest.mark.parametrize("level", [1e-3, 0.05, 5.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_and_gradients_are_finite_at_any_level(make, channel, level, dtype):
    channel.level = level
    z, z_prime = (values.to(dtype) for values in views(16, 3, 0.5))
    if channel.prior.level_name == "epsilon":
        z, z_prime = z.sigmoid(), z_prime.sigmoid()
    z = z.clone().requires_grad_()
    value = make()(z, z_prime, channel)
    (gradient,) = torch.autograd.grad(value.loss, z)
    assert torch.isfinite(value.loss)
    assert torch.isfinite(gradient).all()
    assert value.loss.dtype == dtype
    assert not value.bound.requires_grad


@pytest.mark.parametrize("pairs", ["clean", "cross"])
def test_without_an_estimate_the_loss_and_its_gradient_are_the_same(pairs):
    """A bound that needs another matrix of all pairs is left out then; one that shares the loss's is not."""
    channel, found = NoisyChannel(GaussianPrior(2), sigma=0.4), {}
    for estimate in (True, False):
        z, z_prime = views(40, 2, 0.8, seed=5)
        z.requires_grad_()
        value = AdaptiveDual(pairs=pairs)(z, z_prime, channel, estimate=estimate)
        value.loss.backward()
        found[estimate] = value.loss.detach(), z.grad, value.bound
    assert torch.equal(found[True][0], found[False][0])
    assert torch.equal(found[True][1], found[False][1])
    assert found[True][2].isfinite()
    assert bool(found[False][2].isnan()) == (pairs == "clean")


def test_agreement_is_a_running_mean_of_the_batches_before():
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    z = channel.double().normalise(views(512, 2, 0.0)[0])
    objective = AdaptiveDual(decay=0.75)
    first = objective(z, 0.8 * z, channel).loss
    assert objective.running_agreement.item() == pytest.approx(0.8)  # the first batch is used as it is
    objective(z, 0.4 * z, channel)
    assert objective.running_agreement.item() == pytest.approx(0.75 * 0.8 + 0.25 * 0.4)
    objective.eval()
    objective(z, z, channel)
    assert objective.running_agreement.item() == pytest.approx(0.7)
    again = AdaptiveDual()
    again.load_state_dict(objective.state_dict())
    assert again.running_agreement.item() == pytest.approx(0.7)
    assert torch.isfinite(first)


def test_small_noise_asks_for_the_views_correlation():
    # Of views with correlation 0.9 at σ = 0.03, Theorem 4.1's critic pays 100 nats for alignment; the fitted one does not.
    n, rho = 2000, 0.9
    g = torch.Generator().manual_seed(0)
    z = torch.randn(n, 1, generator=g, dtype=torch.float64)
    z_prime = rho * z + math.sqrt(1 - rho**2) * torch.randn(n, 1, generator=g, dtype=torch.float64)
    channel = NoisyChannel(GaussianPrior(1), sigma=0.03)
    information = bounds.correlated_gaussian_information(1, 0.03, rho)
    assert float(RowDual(symmetric=False)(z, z_prime, channel).bound) < -90
    fitted = float(RowDual(adaptive=True, symmetric=False)(z, z_prime, channel).bound)
    assert information - 0.1 < fitted < information + 0.1


def test_leaky_views_of_the_uniform_prior_have_a_bound():
    z = torch.rand(256, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z_prime = (z + 0.02 * torch.randn(256, 2, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    channel = NoisyChannel(UniformPrior(2), epsilon=0.1)
    value = RowDual(adaptive=True)(z, z_prime, channel)
    assert 1 < float(value.bound) < value.ceiling == pytest.approx(channel.capacity)


def test_all_slices_are_the_mean_over_random_ones():
    z, z_prime = views(50, 3, 0.2)
    channel = NoisyChannel(GaussianPrior(3), sigma=1.0)
    exact = SlicedSIGReg(weight=0.5)(z, z_prime, channel)
    g = torch.Generator().manual_seed(0)
    drawn = [SIGReg(weight=0.5, slices=2000)(z, z_prime, channel, generator=g).loss for _ in range(10)]
    # 20,000 slices, each within about 0.3 of the mean: a standard error of 0.002.
    assert float(exact.loss) == pytest.approx(float(torch.stack(drawn).mean()), abs=0.012)
    assert math.isnan(float(exact.bound))


def test_training_with_rows_draws_points_to_the_prior():
    g = torch.Generator().manual_seed(0)
    raw = (torch.rand(256, 2, generator=g, dtype=torch.float64) ** 3).requires_grad_()
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5).double()
    optimiser = torch.optim.Adam([raw], lr=0.02)
    objective = RowDual()
    values = []
    for _ in range(150):
        z = channel.normalise(raw)
        loss, bound, _ = objective(z, z, channel)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(float(bound))
    assert values[-1] > values[0] + 0.1
    assert values[-1] <= channel.capacity + 0.05


def test_a_move_that_fails_or_gives_memory_leaves_the_agreement():
    def absent(_tensor):
        raise RuntimeError("no such device")

    objective, (z, z_prime) = AdaptiveDual(), views(64, 2, 0.3)
    objective(z, z_prime, NoisyChannel(GaussianPrior(2), sigma=0.5, warn=False))
    before = float(objective.running_agreement)
    assert math.isfinite(before)
    with pytest.raises(RuntimeError, match="no such device"):
        objective._apply(absent)
    assert {name: float(value) for name, value in objective.state_dict().items()} == {"running_agreement": before}
    assert float(objective.half().running_agreement) == before
    with torch.device("meta"):
        objective = AdaptiveDual()
    # NaN: no batch seen yet.
    assert math.isnan(objective.to_empty(device="cpu").running_agreement)
    assert objective.running_agreement.dtype is torch.float64


@pytest.mark.parametrize("make", OBJECTIVES)
def test_bad_input_is_refused(make):
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5)
    z = torch.randn(4, 2)
    for bad in ((z, z[:3]), (z[:1], z[:1]), (torch.randn(4, 3), torch.randn(4, 3)), (z.long(), z.long())):
        with pytest.raises(InvalidInputError):
            make()(*bad, channel)


@pytest.mark.parametrize("decay", [0.0, 1.0, -1.0, math.nan])
def test_decays_out_of_range_are_refused(decay):
    for objective in (RowDual, LinearDual):
        with pytest.raises(InvalidInputError, match="decay"):
            objective(adaptive=True, decay=decay)
    with pytest.raises(InvalidInputError, match="pairs"):
        AdaptiveDual(pairs="rows")
