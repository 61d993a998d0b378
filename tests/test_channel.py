"""NoisyChannel as a part of other people's models."""

import copy
import io
import math
import re

import numpy as np
import pytest
import torch
from torch import nn

from noisedim.channel import NoisyChannel, unseen_capacity
from noisedim.errors import InvalidInputError
from noisedim.objectives import Dual, RowDual
from noisedim.priors import GaussianPrior, SpherePrior, TorusPrior, UniformPrior
from noisedim.theory.dual_batch import visible_capacity


def raw(n=64, d=2, seed=0):
    return 5 + 2 * torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_noise_in_training_and_none_in_eval():
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5)
    x = raw(4096)
    noise = channel(x, generator=torch.Generator().manual_seed(1)) - channel.normalise(x)
    # The standard deviation of 8,192 draws: relative error 0.8%; 5% is six of those.
    assert float(noise.std()) == pytest.approx(0.5, rel=0.05)
    channel.normalisation.set_statistics(x)
    channel.eval()
    assert torch.equal(channel(x), channel(x))
    torch.testing.assert_close(channel(x).std(0, unbiased=False), torch.ones(2))


def test_own_units_keep_a_method_what_it_is():
    x = raw(4096)
    channel = NoisyChannel(GaussianPrior(2), sigma=0.5, own_units=True)
    noisy = channel(x, generator=torch.Generator().manual_seed(1))
    # The paper's channel, and then the way back: x = mean + deviation · f(X).
    plain = NoisyChannel(GaussianPrior(2), sigma=0.5)
    y = plain(x, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(noisy, x.mean(0) + x.std(0, unbiased=False) * y)
    # No noise to speak of, or none: the input, to the bit in eval().
    channel.sigma = 1e-9
    torch.testing.assert_close(channel(x), x, rtol=1e-6, atol=1e-6)
    assert torch.equal(channel.eval()(x), x)
    # Its statistics are kept all the same, for those who assess the embedding.
    channel.normalisation.set_statistics(x)
    torch.testing.assert_close(channel.normalise(x).std(0, unbiased=False), torch.ones(2))
    with pytest.raises(InvalidInputError, match="own_units is for GaussianPrior"):
        NoisyChannel(UniformPrior(2), epsilon=0.1, own_units=True)


def test_equal_generators_give_equal_noise():
    channel = NoisyChannel(UniformPrior(2), epsilon=0.1)
    first, second = (channel(raw(), generator=torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)


def test_level_is_settable_and_saved():
    channel = NoisyChannel(GaussianPrior(2), sigma=1.0)
    channel.capacity = 4.0
    assert GaussianPrior(2).capacity(channel.sigma) == pytest.approx(4.0)
    other = NoisyChannel(GaussianPrior(2), sigma=0.123)
    buffer = io.BytesIO()
    torch.save(channel.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    assert other.level == channel.level
    other.sigma = 0.7
    assert (other.level, float(other.noise_level)) == (0.7, 0.7)
    with pytest.raises(InvalidInputError, match=r"GaussianPrior\(dim=2\) has sigma, not epsilon"):
        _ = channel.epsilon
    with pytest.raises(InvalidInputError, match="sigma must be a finite number > 0; got -1"):
        channel.level = -1
    assert other.level == 0.7


def test_casting_the_model_does_not_round_the_level():
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    model = nn.Sequential(nn.Linear(4, 2), channel).bfloat16()
    assert model[0].weight.dtype is torch.bfloat16
    assert float(channel.noise_level) == 0.3
    assert copy.deepcopy(channel).sigma == 0.3


# The tensors of a channel are the statistics (mean, variance, batches) and its level.
@pytest.mark.parametrize("moved", range(4))
def test_a_move_that_fails_leaves_the_channel_usable(moved):
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3, warn=False)
    before = copy.deepcopy(channel.state_dict())
    assert len(before) == 4
    left = iter(range(moved))

    def move(tensor):
        # As "cuda" on a machine without it; the channel also asks with a tensor of its own where its level shall go.
        if next(left, None) is None:
            raise RuntimeError("no such device")
        return tensor

    with pytest.raises(RuntimeError, match="no such device"):
        nn.Sequential(channel)._apply(move)
    assert channel.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in channel.state_dict().items())
    x = raw(4096)
    noise = channel(x, generator=torch.Generator().manual_seed(1)) - channel.normalise(x)
    # The standard deviation of 8,192 draws: relative error 0.8%; 5% is six of those.
    assert float(noise.std()) == pytest.approx(0.3, rel=0.05)


def test_made_without_memory_a_channel_gets_its_level_with_its_memory():
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(4, 2), NoisyChannel(GaussianPrior(2), sigma=0.3))
    assert model.half()[1].noise_level.is_meta
    channel = model.to_empty(device="cpu")[1]
    assert (channel.level, float(channel.noise_level), channel.noise_level.dtype) == (0.3, 0.3, torch.float64)
    channel.sigma = 0.7
    assert float(channel.to("meta").to_empty(device="cpu").noise_level) == 0.7
    other = NoisyChannel(GaussianPrior(2), sigma=0.1)
    other.load_state_dict(channel.state_dict())
    assert float(other.to("meta").to_empty(device="cpu").noise_level) == 0.7


@pytest.mark.parametrize(
    "prior", [GaussianPrior(2), UniformPrior(2), SpherePrior(2, noise="von-mises-fisher"), TorusPrior(2)], ids=repr
)
def test_statistics_are_set_on_a_channel_that_several_devices_share(prior):
    own = NoisyChannel(prior, capacity=2.0)
    shared = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(copy.deepcopy(own)))[0]
    assert any(isinstance(part, nn.SyncBatchNorm) for part in shared.modules())
    x = raw(9, prior.channel_dim)
    for channel in (own, shared):
        channel.set_statistics(x)
        assert torch.equal(channel.eval().normalise(x), own.eval().normalise(x))
        (found,) = (value for name, value in channel.state_dict().items() if name.endswith("running_var"))
        np.testing.assert_allclose(found, x.double().numpy().var(0), rtol=1e-6)
    with pytest.raises(InvalidInputError, match="raw must have"):
        shared.set_statistics(torch.zeros(9, 1 + prior.channel_dim))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "exactly one of sigma, epsilon, capacity must be given; got none"),
        ({"sigma": 0.1, "capacity": 2.0}, "got sigma=0.1 and capacity=2.0"),
        ({"sigma": 0.0}, r"sigma must be a finite number > 0; got 0\.0"),
        ({"epsilon": 0.1}, "takes sigma or capacity"),
        ({"sigma": float("nan")}, "got nan"),
    ],
)
def test_bad_levels(options, message):
    with pytest.raises(InvalidInputError, match=message):
        NoisyChannel(GaussianPrior(2), **options)


def test_bad_prior():
    with pytest.raises(InvalidInputError, match="prior must be a noisedim prior such as"):
        NoisyChannel("normal", sigma=1.0)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (raw(8, 3), r"must have shape \(n, 2\); got an array of shape \(8, 3\)"),
        (raw(1), "at least 2 rows; got 1"),
        (torch.ones(8, 2, dtype=torch.int64), "floating-point"),
        (torch.zeros(8, 2), "2 constant of 2, the first is coordinate 0"),
        (torch.cat([raw(8, 1), 3 + torch.zeros(8, 1)], 1), "1 constant of 2, the first is coordinate 1"),
        (torch.full((8, 2), float("nan")), "8 of 8 rows hold NaN"),
        ([[1.0, 2.0]], "must be a torch.Tensor"),
    ],
)
def test_bad_batches(batch, message):
    with pytest.raises(InvalidInputError, match=message):
        NoisyChannel(GaussianPrior(2), sigma=0.3)(batch)


def test_a_refused_batch_leaves_the_statistics_alone():
    channel = NoisyChannel(GaussianPrior(2), sigma=0.3)
    before = copy.deepcopy(channel.state_dict())
    with pytest.raises(InvalidInputError):
        channel(torch.zeros(8, 2))
    assert all(torch.equal(value, before[name]) for name, value in channel.state_dict().items())


def test_in_an_ordinary_model_gradients_pass():
    model = nn.Sequential(nn.Linear(5, 2), NoisyChannel(UniformPrior(2), epsilon=0.05))
    model(torch.randn(16, 5, generator=torch.Generator().manual_seed(0))).square().sum().backward()
    assert torch.isfinite(model[0].weight.grad).all()
    assert model[0].weight.grad.abs().sum() > 0


def test_repr_tells_the_capacity():
    assert "sigma=0.1, capacity=4.615 nats" in repr(NoisyChannel(GaussianPrior(2), sigma=0.1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "channel", [NoisyChannel(GaussianPrior(4), sigma=0.3), NoisyChannel(UniformPrior(4), epsilon=0.1)]
)
def test_compiled_it_takes_a_last_batch_of_another_size(channel):
    # From the second size on PyTorch compiles for any; its randn() and rand() with a generator do not take such sizes.
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), channel)
    compiled = torch.compile(model, backend="aot_eager")
    for rows in (64, 33, 17):
        x = torch.randn(rows, 8)
        clean = channel.normalise(model[0](x))
        noise = compiled(x) - clean
        assert 0 < noise.abs().max() < 10 * channel.level


def test_a_capacity_that_a_batch_cannot_see_is_told_once():
    rows = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    channel = NoisyChannel(GaussianPrior(2), capacity=14.0)
    # The capacity at which √2/(1−r²) is 64: C = −log(1−r) in two dimensions.
    seen = -math.log(1 - math.sqrt(1 - math.sqrt(2) / 64))
    with pytest.warns(UserWarning, match=rf"capacity of 14 nats exceeds the {seen:.3g}\d* nats .* of 64 rows") as told:
        channel(rows)
    assert len(told) == 1
    assert "\n" not in str(told[0].message)
    channel(rows)
    channel.capacity = 15.0
    channel(rows)  # once in its life
    channel.eval()(rows)


def test_the_level_that_the_warning_names_is_the_end_of_the_annealing():
    with pytest.raises(InvalidInputError, match="rows must be an integer >= 2; got 1"):
        unseen_capacity(GaussianPrior(8), 0.1, 1)
    message = unseen_capacity(GaussianPrior(8), 0.1, 256)
    level = float(re.search(r"at sigma=([0-9.]+) instead", message)[1])
    assert unseen_capacity(GaussianPrior(8), 1.02 * level, 256) is None
    assert unseen_capacity(GaussianPrior(8), 0.95 * level, 256) is not None
    assert visible_capacity(8, 256) == pytest.approx(GaussianPrior(8).capacity(level), rel=0.05)
    # The rows that it names are enough.
    needed = float(re.search(r"use ([0-9.,e+]+) rows or more", message)[1].replace(",", ""))
    assert unseen_capacity(GaussianPrior(8), 0.1, math.ceil(1.2 * needed)) is None


def test_annealing_within_what_a_batch_sees_is_not_warned_of():
    rows = torch.randn(256, 2, generator=torch.Generator().manual_seed(0))
    channel = NoisyChannel(GaussianPrior(2), sigma=1.0)
    for level in (1.0, 0.5, 0.2, 0.1):
        channel.level = level
        channel(rows)
    channel.level = 0.01
    with pytest.warns(UserWarning, match=r"end the annealing at sigma=0.05\d* instead of 0.01"):
        Dual()(channel.normalise(rows), channel.normalise(rows), channel)


def test_who_is_not_warned():
    rows = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    NoisyChannel(GaussianPrior(2), capacity=14.0, warn=False)(rows)
    NoisyChannel(GaussianPrior(2), capacity=14.0, own_units=True)(rows)
    channel = NoisyChannel(GaussianPrior(2), capacity=14.0)
    z = channel.normalise(rows)
    RowDual()(z, z, channel)  # at most log 64 by itself
    channel.eval()(rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prior", "level"),
    [
        (UniformPrior(8), 0.01),
        (TorusPrior(8), 0.02),
        (SpherePrior(8, noise="von-mises-fisher"), 0.02),
        (SpherePrior(8), 0.1),
    ],
    ids=repr,
)
def test_every_prior_says_what_a_batch_sees(prior, level):
    message = unseen_capacity(prior, level, 64)
    assert f"at {prior.level_name}=" in message
    assert unseen_capacity(prior, prior.start_level, 256) is None
    assert prior.least_batch(level) > prior.least_batch(2 * level) > math.sqrt(2) - 1e-12
