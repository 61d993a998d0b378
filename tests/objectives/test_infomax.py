"""Bounds on information: against plain formulas, closed forms and the laws that make them bounds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisedim import bounds
from noisedim.channel import NoisyChannel
from noisedim.critics import DotProductCritic, GaussianDualCritic, MLPCritic
from noisedim.errors import InvalidInputError
from noisedim.objectives import Dual, InfoMax, donsker_varadhan, infonce, nguyen_wainwright_jordan, split_scores
from noisedim.priors import GaussianPrior

ALL = {"infonce": infonce, "dv": donsker_varadhan, "nwj": nguyen_wainwright_jordan}


def scores(n=8, k=5, scale=1.0, seed=0):
    g = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n, generator=g, dtype=torch.float64), scale * torch.randn(
        n, k, generator=g, dtype=torch.float64
    )


def test_split_takes_the_diagonal_out():
    matrix = torch.arange(16.0).view(4, 4)
    positive, negative = split_scores(matrix)
    assert positive.tolist() == [0, 5, 10, 15]
    assert negative.tolist() == [[1, 2, 3], [4, 6, 7], [8, 9, 11], [12, 13, 14]]


def test_values_are_the_plain_formulas():
    positive, negative = scores()
    assert float(donsker_varadhan(positive, negative).bound) == pytest.approx(
        float(positive.mean() - negative.exp().mean().log()), rel=1e-12
    )
    assert float(nguyen_wainwright_jordan(positive, negative).bound) == pytest.approx(
        float(positive.mean() - (negative - 1).exp().mean()), rel=1e-12
    )
    shares = positive.exp() / ((positive.exp() + negative.exp().sum(1)) / 6)
    assert float(infonce(positive, negative).bound) == pytest.approx(float(shares.log().mean()), rel=1e-12)


def test_ceilings():
    positive, negative = scores(8, 5)
    assert infonce(positive, negative).ceiling == pytest.approx(math.log(6))
    assert donsker_varadhan(positive, negative).ceiling == pytest.approx(math.log(40))


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4), st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_infonce_never_exceeds_its_ceiling_and_nwj_never_dv(shift, scale, seed):
    positive, negative = scores(scale=scale, seed=seed)
    value = infonce(positive + shift, negative)
    assert float(value.bound) <= value.ceiling + 1e-9
    dv, nwj = donsker_varadhan(positive + shift, negative), nguyen_wainwright_jordan(positive + shift, negative)
    assert float(nwj.bound) <= float(dv.bound) + 1e-9 * max(1.0, abs(float(dv.bound)))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sign", [-1, 1])
def test_finite_at_huge_scores(name, dtype, sign):
    positive = torch.full((4,), sign * 1e4, dtype=dtype, requires_grad=True)
    negative = torch.full((4, 3), -sign * 1e4, dtype=dtype, requires_grad=True)
    value = ALL[name](positive, negative)
    value.loss.backward()
    for tensor in (value.loss, value.bound, positive.grad, negative.grad):
        assert torch.isfinite(tensor).all()


def test_bias_correction_changes_gradients_not_values():
    positive, negative = scores()
    negative.requires_grad_()
    plain = donsker_varadhan(positive, negative)
    corrected = donsker_varadhan(positive, negative, log_normaliser=torch.tensor(math.log(2.0), dtype=torch.float64))
    assert corrected.loss.item() == pytest.approx(plain.loss.item(), rel=1e-12)
    (found,) = torch.autograd.grad(corrected.loss, negative)
    torch.testing.assert_close(found, negative.detach().exp() / negative.numel() / 2.0)
    (found,) = torch.autograd.grad(plain.loss, negative)
    torch.testing.assert_close(found, negative.detach().exp() / negative.detach().exp().sum())


def test_running_normaliser_follows_the_batches():
    torch.manual_seed(0)
    objective = InfoMax(DotProductCritic(), estimator="dv", unbiased_gradient=True, decay=0.5)
    channel = NoisyChannel(GaussianPrior(2), sigma=1.0)
    z = torch.randn(32, 2)
    objective(z, z, channel)
    first = float(objective.log_normaliser)
    assert math.isfinite(first)
    objective(3 * z, 3 * z, channel)
    assert float(objective.log_normaliser) > first
    objective.eval()
    now = float(objective.log_normaliser)
    objective(z, z, channel)
    assert float(objective.log_normaliser) == now


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_running_normaliser_arrives_in_any_precision(dtype):
    objective = InfoMax(MLPCritic(2), estimator="dv", unbiased_gradient=True).to(dtype)
    objective._updated_normaliser(torch.full((4, 3), 4.0, dtype=dtype))
    for _ in range(2000):
        objective._updated_normaliser(torch.full((4, 3), 4.5, dtype=dtype))
    # The mean of e^T forgets by 0.99 a batch, and 0.99^2000 = 2e-9 of the first one is left.
    assert float(objective.log_normaliser) == pytest.approx(4.5, abs=1e-8)
    assert objective.critic.first.weight.dtype is dtype


def test_a_running_normaliser_of_single_precision_is_read():
    old = InfoMax(DotProductCritic(), estimator="dv", unbiased_gradient=True)
    state = {**old.state_dict(), "log_normaliser": torch.tensor(1.25)}  # before it was kept in double precision
    old.load_state_dict(state)
    assert (float(old.log_normaliser), old.log_normaliser.dtype) == (1.25, torch.float64)
    with torch.device("meta"):
        new = InfoMax(DotProductCritic(), estimator="dv", unbiased_gradient=True)
    assert math.isnan(new.to_empty(device="cpu").log_normaliser)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ALL)
def test_closed_form_critic_reads_the_information_of_a_gaussian_pair(estimator):
    # f(X) = f(X′) ~ N(0, I), σ = 1: I = C = log 2 nats at d = 2. T* is optimal for DV; T* + 1 + C for NWJ.
    # 4,096 samples, all pairs. The relative variance of e^T* over pairs is e^{2C} − 1 = 3, positives have a standard
    # deviation below 1: standard error under 0.03, so 0.2 nats is beyond six of them.
    n, sigma = 4096, 1.0
    g = torch.Generator().manual_seed(3)
    x = torch.randn(n, 2, generator=g, dtype=torch.float64)
    y = x + sigma * torch.randn(n, 2, generator=g, dtype=torch.float64)
    capacity = bounds.gaussian_capacity(2, sigma)
    shift = 1 + capacity if estimator == "nwj" else 0.0
    positive, negative = split_scores(GaussianDualCritic()(x, y, level=sigma) + shift)
    assert float(ALL[estimator](positive, negative).bound) == pytest.approx(capacity, abs=0.2)
    # Negative control: with x and y unrelated, the same critic finds nothing.
    positive, negative = split_scores(GaussianDualCritic()(x, y.roll(1, 0), level=sigma) + shift)
    assert float(ALL[estimator](positive, negative).bound) < 0.1


@pytest.mark.parametrize("negatives", [1, 3, None])
def test_module_never_pairs_a_sample_with_itself(negatives):
    # A critic that is huge on true pairs would show a fixed point among the negatives.
    class Spike(MLPCritic):
        def forward(self, x, y, *, index=None, level=None):
            index = torch.arange(len(y)).expand(len(x), -1) if index is None else index
            return torch.where(index == torch.arange(len(x))[:, None], 50.0, 0.0)

    objective = InfoMax(Spike(2), negatives=negatives)
    z = torch.randn(8, 2, generator=torch.Generator().manual_seed(0))
    value = objective(z, z, NoisyChannel(GaussianPrior(2), sigma=0.1), generator=torch.Generator().manual_seed(1))
    assert float(value.bound) == pytest.approx(value.ceiling, abs=1e-4)
    assert value.ceiling == pytest.approx(math.log((negatives or 7) + 1))


def test_bad_input():
    with pytest.raises(InvalidInputError, match="square matrix of at least 2 rows; got \\(2, 3\\)"):
        split_scores(torch.zeros(2, 3))
    with pytest.raises(InvalidInputError, match=r"shape \(n, k\) with n=2"):
        infonce(torch.zeros(2), torch.zeros(3, 1))
    with pytest.raises(InvalidInputError, match="estimator must be one of 'infonce', 'dv', 'nwj'; got 'mine'"):
        InfoMax(DotProductCritic(), estimator="mine")
    with pytest.raises(InvalidInputError, match="unbiased_gradient is an option of estimator='dv'"):
        InfoMax(DotProductCritic(), unbiased_gradient=True)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.1)
    with pytest.raises(InvalidInputError, match="one row per image each; got 3 and 4"):
        InfoMax(DotProductCritic())(torch.zeros(3, 2), torch.zeros(4, 2), channel)


@pytest.mark.slow
@pytest.mark.parametrize("objective", [Dual(), Dual(pairs="cross"), InfoMax(MLPCritic(2)), InfoMax(DotProductCritic())])
def test_bounds_keep_their_digits_under_autocast(objective):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(256, 2, generator=generator)
    z_prime = (z + 0.1 * torch.randn(z.shape, generator=generator)).requires_grad_()
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    wanted = objective(z, z_prime, channel, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu", torch.bfloat16):
        found = objective(z, z_prime, channel, generator=torch.Generator().manual_seed(1))
    assert found.loss.dtype is found.bound.dtype is torch.float32
    # Scores may be of bfloat16, 2^-8 of each at random; not the mean of 256 of them.
    assert abs(found.bound - wanted.bound) < (1e-6 if isinstance(objective, Dual) else 2e-3) * max(1, abs(wanted.bound))
    half = objective(z.bfloat16(), z_prime.bfloat16(), channel) if isinstance(objective, Dual) else found
    assert half.bound.dtype is torch.float32
    half.loss.backward()
    assert torch.isfinite(z_prime.grad).all()
